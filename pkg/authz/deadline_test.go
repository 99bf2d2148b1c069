package authz_test

import (
	"context"
	"log/slog"
	"strings"
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

func TestSharedFailsBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	payload := sampleEvent(t, "aws-rest-token", newToken(t, 1))
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		service := pat.NewService(pattest.Hanging{}, pat.Settings{}, pat.SystemEnv(slog.New(slog.DiscardHandler)))
		shared := authz.NewShared(service, enabled, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Second)
		defer cancel()
		response, err := shared.Invoke(ctx, payload)
		if err == nil || ctx.Err() != nil || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("got %s and error %v (%v), log %s, want an error and a line in time", response, err, ctx.Err(), &log)
		}
	})
}
