package authz_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestFailsBeforeItsDeadline: Lambda would stop the function at its deadline, and the next event would wait for a cold start.
func TestFailsBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	secret, err := pat.NewSecret(pattest.NewRandom(), 1)
	if err != nil {
		t.Fatal(err)
	}
	_, key := newAdmin(t)
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		service := pat.NewService(pattest.Hanging{}, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(log))
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		if response, err := authz.New(service, key, log).Handle(ctx, event(secret.Reveal())); err == nil || ctx.Err() != nil {
			t.Errorf("got %v and error %v (%v), want an error in time", response, err, ctx.Err())
		}
	})
}
