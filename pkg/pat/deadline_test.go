package pat_test

import (
	"context"
	"testing"
	"time"

	"pats/pkg/pat"
)

func TestWithTimeToRespond(t *testing.T) {
	t.Parallel()
	const slack = 50 * time.Millisecond // the remaining time shrinks while the test runs
	now := time.Now()
	for name, c := range map[string]struct{ left, want time.Duration }{
		"nine seconds": {9 * time.Second, 8500 * time.Millisecond},
		"one second":   {time.Second, 900 * time.Millisecond},
		"already over": {-time.Second, -900 * time.Millisecond},
	} {
		ctx, cancel := context.WithDeadline(t.Context(), now.Add(c.left))
		defer cancel()
		got, release := pat.WithTimeToRespond(ctx)
		defer release()
		if deadline, ok := got.Deadline(); !ok || deadline.After(now.Add(c.want+slack)) {
			t.Errorf("%s: got a deadline in %v, want it in %v", name, deadline.Sub(now), c.want)
		}
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
