package e2e_test

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"pats"
	"pats/infra/e2e"
	"pats/infra/local"
	"pats/pkg/apigw"
	"pats/pkg/authz"
	"pats/pkg/boltstore"
	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// laptop is the API of the template behind the laptop gateway, as `pats serve` has it.
type laptop struct {
	target e2e.Target
	store  *pattest.Faulty
}

func newLaptop(t *testing.T, parameters map[string]string) laptop {
	t.Helper()
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bolt.Close() })
	admin, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options := local.Options{
		Parameters: map[string]string{"AdminTokenHash": admin.Hash()},
		Resources:  map[string]string{"Table": "pats"},
		Now:        time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	maps.Copy(options.Parameters, parameters)
	store := pattest.NewFaulty(bolt)
	gateway, err := local.New(pats.Template(), functions(t, store, options), options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(gateway)
	server.Config.MaxHeaderBytes = 64 << 10 // the gateway has a bound of its own
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return laptop{e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: store, AdminToken: admin.Reveal()}, store}
}

// functions are the template's, on store, with the settings that the template gives them.
func functions(t *testing.T, store pat.Store, options local.Options) map[string]lambda.Handler {
	t.Helper()
	environments, err := local.Environment(pats.Template(), options)
	if err != nil {
		t.Fatal(err)
	}
	handlers := map[string]lambda.Handler{}
	for id, environment := range environments {
		settings := settings(t, environment)
		service := pat.NewService(store, settings.Retention, pat.SystemEnv(options.Log))
		switch id {
		case "AuthorizerFunction":
			handlers[id] = lambda.NewHandler(authz.New(service, settings.Admin, options.Log).Handle)
		case "TokensFunction":
			of := apigw.TokensSettings{Admin: settings.Admin, Enabled: settings.Enabled}
			handlers[id] = lambda.NewHandler(apigw.NewTokens(service, of, options.Log).Handle)
		case "UsersFunction":
			handlers[id] = lambda.NewHandler(apigw.NewUsers(service, settings.Admin, options.Log).Handle)
		}
	}
	return handlers
}

func settings(t *testing.T, environment map[string]string) config.Config {
	t.Helper()
	settings, err := config.Load(func(name string) string {
		if name == "AWS_REGION" {
			return "us-east-1"
		}
		return environment[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func TestLaptopGateway(t *testing.T) {
	t.Parallel()
	e2e.Run(t, newLaptop(t, nil).target)
}
