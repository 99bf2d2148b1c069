// Package laptoptest runs the template's stack for tests: over HTTP, as `pats serve` does, on any store.
package laptoptest

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"pats/pkg/boltstore"
	"pats/pkg/gateway"
	"pats/pkg/laptop"
	"pats/pkg/pat"
)

// Options change the stack. The zero value is the template with its defaults, on the system's clock, without a log.
type Options struct {
	// Parameters are values for the template's parameters. Serve sets AdminTokenHash unless it is among them.
	Parameters map[string]string
	// Now is the clock of the gateway and of the functions.
	Now func() time.Time
	// Log receives the logs of the gateway and the functions.
	Log *slog.Logger
	// Wrap returns the functions that the gateway invokes in place of the stack's.
	Wrap func(gateway.Functions) gateway.Functions
}

// Server is the stack on a port of 127.0.0.1. It stops at the end of the test.
type Server struct {
	// URL is the base address.
	URL string
	// AdminToken is the whole admin API token.
	AdminToken string
	// Functions are those that the gateway invokes.
	Functions gateway.Functions
	// Service works on the store directly, as an operator's commands do.
	Service *pat.Service
}

// NewStore opens a store in a new file, which is deleted at the end of the test.
func NewStore(tb testing.TB) *boltstore.Store {
	tb.Helper()
	store, err := boltstore.Open(filepath.Join(tb.TempDir(), "pats.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	return store
}

// Serve runs the stack on store.
func Serve(tb testing.TB, store pat.Store, options Options) *Server {
	tb.Helper()
	admin, err := pat.NewAdminSecret(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	options = options.complete(admin)
	stack, err := laptop.Read(options.Parameters)
	if err != nil {
		tb.Fatal(err)
	}
	env := pat.SystemEnv(options.Log)
	env.Now = options.Now
	functions := options.Wrap(stack.Functions(store, env))
	gateway, err := stack.Gateway(functions, env)
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
	server.Config.MaxHeaderBytes = 64 << 10 // the gateway has its own limit
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	tb.Cleanup(server.Close)
	return server.URL
}
