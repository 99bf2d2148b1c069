package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"pats/pkg/pat"
)

// WithoutPauses makes s retry without pauses.
func WithoutPauses(s *Store) *Store {
	s.wait = noPause
	return s
}

func noPause(ctx context.Context, _ int) error { return ctx.Err() }

// ReadToken reads a token with the texts of an item of the second format, and returns it with those that it would be written with.
func ReadToken(scopes, maker, ancestors string) (pat.Token, [3]string, error) {
	token, err := tokenItem{ID: 1, Scopes: &scopes, Maker: maker, Ancestors: ancestors}.token()
	written := newTokenItem(token)
	return token, [3]string{token.Scopes.Stored(), written.Maker, written.Ancestors}, err
}

// ReadReplaced reads a replaced secret, and returns the text that it would be written with.
func ReadReplaced(text string) (string, error) {
	r, err := parseReplaced(text)
	return replacedText(r), err
}

// SizeOf returns the bytes that the item of account takes.
func SizeOf(account pat.Account) int {
	item, _ := attributevalue.MarshalMap(newAccountItem(account))
	return itemSize(item)
}

// Translate calls translate with KindConflict, KindUserExists and KindLastAdmin for the first, second and third write.
func Translate(err error) error {
	return translate("PutItem", "tokens", err, conflict, userExists, lastAdmin)
}
