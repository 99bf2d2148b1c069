package dynamostore

import (
	"context"
	"log/slog"
	"time"
)

// warmWithin bounds the read that Connect makes. Lambda allows an initialization ten seconds.
const warmWithin = 3 * time.Second

// Connect returns the Store in table for a Lambda. It makes one real read at once, since an initialization has a full processor and a
// request only a share of one. A failure is logged; the requests then meet it.
func Connect(ctx context.Context, settings Settings, table string, log *slog.Logger) *Store {
	store := New(NewClient(settings), table)
	ctx, cancel := context.WithTimeout(ctx, warmWithin)
	defer cancel()
	if err := store.Warm(ctx); err != nil {
		log.WarnContext(ctx, "the table was not reached during start", "cause", err)
	}
	return store
}
