package authz_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// sharedKinds names an event of each kind in testdata/events.
var sharedKinds = []struct{ name, file string }{
	{"REST TOKEN", "aws-rest-token"},
	{"REST REQUEST", "aws-rest-request"},
	{"HTTP 1.0", "aws-http-v1"},
	{"HTTP 2.0", "aws-http-v2"},
	{"WebSocket", "aws-websocket"},
}

// maxSharedAllocs is the largest number of allocations for an event, from JSON to JSON.
const maxSharedAllocs = 70

// BenchmarkSharedAuthorizer handles an event as the function does, from JSON to JSON, with a store that takes no time.
func BenchmarkSharedAuthorizer(b *testing.B) {
	for _, kind := range sharedKinds {
		b.Run(kind.name, func(b *testing.B) {
			handle := sharedHandler(b, kind.file)
			b.ReportAllocs()
			for b.Loop() {
				handle()
			}
		})
	}
}

func TestSharedAuthorizerAllocations(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	for _, kind := range sharedKinds {
		handle := sharedHandler(t, kind.file)
		if got := testing.AllocsPerRun(100, handle); got > maxSharedAllocs {
			t.Errorf("%s: got %.0f allocations, want at most %d", kind.name, got, maxSharedAllocs)
		}
	}
}

// sharedHandler returns a function that handles the event in a file as Lambda does.
func sharedHandler(t testing.TB, file string) func() {
	t.Helper()
	store, holder := pattest.NewInstant(t, 1)
	catalog, err := pat.ParseScopeCatalog("orders:read,orders:write")
	if err != nil {
		t.Fatal(err)
	}
	service := pat.NewService(store, pat.Settings{Scopes: catalog}, pattest.Env(pattest.NewClock()))
	shared := authz.NewShared(service, authz.SharedSettings{Enabled: true}, slog.New(slog.DiscardHandler))
	payload := sampleEvent(t, file, holder.Secret.Reveal())
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // as Lambda sets one
	t.Cleanup(cancel)
	return func() {
		response, err := shared.Invoke(ctx, payload)
		if err != nil || !bytes.Contains(response, []byte(`"Effect":"Allow"`)) {
			t.Fatalf("got %s, error %v, want an Allow", response, err)
		}
	}
}
