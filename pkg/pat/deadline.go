package pat

import (
	"context"
	"time"
)

// responseTime is reserved at the end of a request's time for the response.
const responseTime = 500 * time.Millisecond

// WithTimeToRespond returns ctx with an earlier deadline, if it has one: half a second earlier, or a tenth of the remaining time
// if that is less. A request that waits for the Store in vain then fails with KindUnavailable while there is time to respond.
// Otherwise Lambda would stop the function: its caller would get no reason, and the next request would wait for a cold start.
// The system's clock decides when a context ends.
func WithTimeToRespond(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(responseTime, time.Until(deadline)/10)))
}
