package pat

import (
	"context"
	"time"
)

// answerTime is kept at the end of a request's time for the answer.
const answerTime = 500 * time.Millisecond

// WithTimeToAnswer is ctx with a deadline somewhat before its own, if it has one: by half a second, or by a tenth of what is left if
// that is less. So a request that waits for the Store in vain still answers that the Store is KindUnavailable, instead of being cut
// off, which would tell its caller nothing and cost the next one a cold start. Deadlines of contexts are by the system's clock.
func WithTimeToAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(answerTime, time.Until(deadline)/10)))
}
