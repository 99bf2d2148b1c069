package dynamostore

import (
	"context"
	"iter"

	"pats/pkg/pat"
)

// WithoutPauses lets s try again at once.
func WithoutPauses(s *Store) *Store {
	s.wait = noPause
	return s
}

func noPause(ctx context.Context, _ int) error { return ctx.Err() }

// FillWithoutPauses is Fill, which sends again at once.
func FillWithoutPauses(ctx context.Context, api FillAPI, table string, accounts iter.Seq[pat.Account]) error {
	return fill(ctx, api, table, accounts, noPause)
}

// Translate is translate, with a KindConflict, KindUserExists and KindLastAdmin for the first, second and third write.
func Translate(err error) error {
	return translate("PutItem", "tokens", err, conflict, userExists, lastAdmin)
}
