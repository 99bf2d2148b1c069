package e2e_test

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"pats/infra/e2e"
	"pats/infra/laptop"
	"pats/infra/local"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// laptopFront is the API of the template behind the laptop gateway, as `pats serve` has it.
type laptopFront struct {
	target e2e.Target
	store  *pattest.Faulty
}

func newLaptop(t *testing.T, parameters map[string]string) laptopFront {
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
	stack, err := laptop.Read(options)
	if err != nil {
		t.Fatal(err)
	}
	store := pattest.NewFaulty(bolt)
	gateway, err := stack.Gateway(store, pat.SystemEnv(options.Log), options.Log)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(gateway)
	server.Config.MaxHeaderBytes = 64 << 10 // the gateway has a bound of its own
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return laptopFront{e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: store, AdminToken: admin.Reveal()}, store}
}

func TestLaptopGateway(t *testing.T) {
	t.Parallel()
	e2e.Run(t, newLaptop(t, nil).target)
}
