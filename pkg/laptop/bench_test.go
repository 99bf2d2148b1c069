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

// BenchmarkGateway lists ten tokens, and introspects one of them, through the whole stack: gateway, functions, and a data file.
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
	secret := fullAccount(b, store, stack.Service(store, env)).Reveal()
	b.Run("list", func(b *testing.B) {
		body := serve(b, gateway, func() *http.Request {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/admin/user/tokens", nil)
			r.Header.Set("Authorization", secret)
			return r
		})
		if got := strings.Count(body, `"createdAt"`); got != pat.MaxTokens {
			b.Fatalf("got %d tokens in %s, want %d", got, body, pat.MaxTokens)
		}
	})
	b.Run("introspection", func(b *testing.B) {
		body := serve(b, gateway, func() *http.Request {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/oauth/introspect", strings.NewReader("token="+secret))
			r.Header.Set("Authorization", "Bearer "+secret)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		})
		if !strings.HasPrefix(body, `{"active":true,`) {
			b.Fatalf("got %s, want an active token", body)
		}
	})
}

// serve has the handler serve a request until enough is measured, and returns the last body.
func serve(b *testing.B, handler http.Handler, request func() *http.Request) string {
	b.Helper()
	var w *httptest.ResponseRecorder
	b.ReportAllocs()
	for b.Loop() {
		w = httptest.NewRecorder()
		if handler.ServeHTTP(w, request()); w.Code != http.StatusOK {
			b.Fatalf("got status %d with %s, want 200", w.Code, w.Body)
		}
	}
	return w.Body.String()
}

// fullAccount creates an Admin with MaxTokens tokens, and returns one of them.
func fullAccount(b *testing.B, store pat.Store, service *pat.Service) pat.Secret {
	b.Helper()
	account := pattest.Account(b, store, pattest.Profile("ann", pat.Admin))
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
