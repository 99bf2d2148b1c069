// Package laptoptest serves the template's stack to a test over HTTP, as `pats serve` does, and opens a store for it.
package laptoptest

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"pats"
	"pats/pkg/boltstore"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/pat"
)

// Options are what a test wants otherwise. Its zero value is the template with its own defaults, on the system's clock and
// without a log.
type Options struct {
	// Parameters are values of the template's parameters. The admin API token is set by Serve.
	Parameters map[string]string
	// Now is the clock of the gateway and of the functions.
	Now func() time.Time
	// Log gets what the gateway and the functions log.
	Log *slog.Logger
	// Wrap puts a test's own between the gateway and the functions, which have the template's logical ids.
	Wrap func(gateway.Functions) gateway.Functions
}

// Server is the stack on a port of 127.0.0.1. It ends with its test.
type Server struct {
	// URL is the base address.
	URL string
	// AdminToken is the whole admin API token.
	AdminToken string
	// Functions are what the gateway calls.
	Functions gateway.Functions
	// Service applies the rules to the store as an operator's commands do.
	Service *pat.Service
}

// NewStore gives an embedded Store in a file of its own, which lasts as long as its test.
func NewStore(tb testing.TB) *boltstore.Store {
	tb.Helper()
	store, err := boltstore.Open(filepath.Join(tb.TempDir(), "pats.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

// Serve puts the stack on store.
func Serve(tb testing.TB, store pat.Store, options Options) *Server {
	tb.Helper()
	admin, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	options = options.complete(admin)
	settings := gateway.Options{
		Parameters: options.Parameters, Resources: map[string]string{"Table": "pats"},
		Now: options.Now, Random: rand.Reader, Log: options.Log,
	}
	stack, err := laptop.Read(settings)
	if err != nil {
		tb.Fatal(err)
	}
	env := pat.SystemEnv(options.Log)
	env.Now = options.Now
	functions := options.Wrap(stack.Functions(store, env))
	gateway, err := gateway.New(pats.Template(), functions, settings)
	if err != nil {
		tb.Fatal(err)
	}
	return &Server{
		URL: listen(tb, gateway), AdminToken: admin.Reveal(),
		Functions: functions, Service: stack.Service(store, env),
	}
}

func (o Options) complete(admin pat.AdminSecret) Options {
	parameters := map[string]string{"AdminTokenHash": admin.Hash()}
	maps.Copy(parameters, o.Parameters)
	o.Parameters = parameters
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wrap == nil {
		o.Wrap = func(functions gateway.Functions) gateway.Functions { return functions }
	}
	return o
}

func listen(tb testing.TB, gateway *gateway.Gateway) string {
	tb.Helper()
	server := httptest.NewUnstartedServer(gateway)
	server.Config.MaxHeaderBytes = 64 << 10 // the gateway has a bound of its own
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	tb.Cleanup(server.Close)
	return server.URL
}
