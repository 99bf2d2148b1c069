package pat_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pats/pkg/pat"
)

func TestWithTimeToRespond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ left, want time.Duration }{
		"nine seconds": {9 * time.Second, 8500 * time.Millisecond},
		"one second":   {time.Second, 900 * time.Millisecond},
		"already over": {-time.Second, -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.left)
				defer cancel()
				ctx, release := pat.WithTimeToRespond(ctx)
				defer release()
				if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != c.want {
					t.Errorf("got a deadline in %v, want it in %v", time.Until(deadline), c.want)
				}
			})
		})
	}
}

func TestWithTimeToRespondAddsNoDeadline(t *testing.T) {
	t.Parallel()
	ctx, release := pat.WithTimeToRespond(context.Background())
	defer release()
	if _, ok := ctx.Deadline(); ok {
		t.Error("got a deadline, want none")
	}
}
