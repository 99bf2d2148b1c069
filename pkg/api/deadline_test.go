package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestRespondsBeforeTheDeadline checks that the caller gets a response before Lambda ends the function.
func TestRespondsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	secret, err := pat.NewSecret(pattest.NewRandom(), 1)
	if err != nil {
		t.Fatal(err)
	}
	claims := contextOf(pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 1, Selector: secret.Selector()}})
	for name, c := range map[string]request{"list": get(), "create": post(good), "revoke": remove("1")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				log := slog.New(slog.DiscardHandler)
				service := pat.NewService(pattest.Hanging{}, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(log))
				handler := api.NewTokens(service, api.TokensSettings{Enabled: true}, log)
				ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
				defer cancel()
				got, err := handler.Handle(ctx, c.event(claims))
				if err != nil || ctx.Err() != nil {
					t.Fatalf("got errors %v and %v, want a response in time", err, ctx.Err())
				}
				wantStatus(t, got, http.StatusServiceUnavailable)
				wantHeader(t, got, "Retry-After", "1")
			})
		})
	}
}
