package dynamostore

import "context"

// WithoutPauses makes s retry without pauses.
func WithoutPauses(s *Store) *Store {
	s.wait = noPause
	return s
}

func noPause(ctx context.Context, _ int) error { return ctx.Err() }

// Translate calls translate with KindConflict, KindUserExists and KindLastAdmin for the first, second and third write.
func Translate(err error) error {
	return translate("PutItem", "tokens", err, conflict, userExists, lastAdmin)
}
