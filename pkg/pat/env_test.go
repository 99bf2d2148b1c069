package pat_test

import (
	"context"
	"testing"
	"time"

	"pats/pkg/pat"
)

func TestSystemEnvWaits(t *testing.T) {
	t.Parallel()
	env := pat.SystemEnv(nil)
	if err := env.Wait(t.Context(), time.Microsecond); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := env.Wait(ctx, time.Hour); err == nil {
		t.Error("got no error from a cancelled wait")
	}
}
