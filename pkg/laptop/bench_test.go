package laptop_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pats/pkg/laptop"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// BenchmarkGateway lists ten tokens through the whole stack: gateway, functions, and a data file.
func BenchmarkGateway(b *testing.B) {
	store := laptoptest.NewStore(b)
	env := pattest.Env(pattest.NewClock())
	env.Random = rand.Reader
	env.Log = slog.New(slog.NewTextHandler(io.Discard, nil)) //nolint:sloglint // formatting a line is part of the cost
	stack, err := laptop.Read(nil)
	if err != nil {
		b.Fatal(err)
	}
	gateway, err := stack.Gateway(stack.Functions(store, env), env)
	if err != nil {
		b.Fatal(err)
	}
	secret := fullAccount(b, store, stack.Service(store, env))
	var w *httptest.ResponseRecorder
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/admin/user/tokens", nil)
		r.Header.Set("Authorization", secret.Reveal())
		w = httptest.NewRecorder()
		if gateway.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatalf("got status %d with %s, want 200", w.Code, w.Body)
		}
	}
	if got := strings.Count(w.Body.String(), `"createdAt"`); got != pat.MaxTokens {
		b.Fatalf("got %d tokens in %s, want %d", got, w.Body, pat.MaxTokens)
	}
}

// fullAccount creates a user with MaxTokens tokens, and returns one of them.
func fullAccount(b *testing.B, store pat.Store, service *pat.Service) pat.Secret {
	b.Helper()
	account := pattest.Account(b, store, pattest.Profile("ann", pat.Editor))
	var last pat.Secret
	for _, draft := range pattest.Drafts(pat.MaxTokens) {
		_, secret, err := service.CreateUserToken(b.Context(), account.ID, draft)
		if err != nil {
			b.Fatal(err)
		}
		last = secret
	}
	return last
}
