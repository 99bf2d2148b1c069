package pat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// ImportedToken is the outcome for one token of an import.
type ImportedToken struct {
	ID TokenID
	// Added reports that this import wrote the token.
	Added bool
	// Refusal is the reason why the token was not imported. It is empty if the token is in the store.
	Refusal string
}

// Imported is the outcome for one user of an import.
type Imported struct {
	// Made reports that this import created the user.
	Made bool
	// Refusal is the reason why the user was not imported, and none of the tokens. It is empty if the user is in the store.
	Refusal string
	// Tokens are in the order of the import.
	Tokens []ImportedToken
}

// The refusals of an import, apart from the messages of KindInvalid.
const (
	refusalTakenName = "Another user here has the username or the email address."
	refusalOtherUser = "Another user here has this id."
	refusalDeleted   = "The user was imported before and has since been deleted here."
	refusalTakenID   = "Another token of this user has this id."
	refusalUsed      = "The id was used here before: the token has been revoked since an earlier import, or the id belonged to another token."
	refusalSelector  = "Another token here has this selector."
	refusalRevoked   = "The token was imported before and has since been revoked here."
	refusalTwice     = "The id appears twice among the user's tokens."
)

// ReserveUserIDs makes every later user ID greater than last. Call it before an import, with the highest ID of the import.
// Errors: KindUnavailable.
func (s *Service) ReserveUserIDs(ctx context.Context, last UserID) error {
	return s.retry(ctx, func() error { return s.store.ReserveUserIDs(ctx, last) })
}

// ImportUser imports a user of another service with IDs and tokens. Repeating it adds what is missing: a user and tokens that are
// here stay as they are, and what was deleted or revoked here does not come back. Two users are the same if ID, Type and CreatedAt are;
// two tokens, if ID, selector and verifier are. Tokens are in rising order of ID. Version and NextTokenID of user are ignored.
// The limit of MaxTokens does not apply. A value that breaks a rule, and a token past the retention, is a Refusal.
// Errors: KindUnavailable, KindInternal; the part that was written before the error stays.
func (s *Service) ImportUser(ctx context.Context, user Account) (Imported, error) {
	now := s.now()
	user = user.importable()
	if refusal := refusalOf(cmp.Or(checkUser(user), checkPast("date of creation", user.CreatedAt, now))); refusal != "" {
		return Imported{Refusal: refusal}, nil
	}
	i := &importer{service: s, user: user, refused: s.refuseTokens(user.Tokens, now), written: map[TokenID]bool{}, owners: map[Selector]UserID{}}
	if refusal := refusalOf(s.store.CheckSize(i.accepted())); refusal != "" {
		return Imported{Refusal: refusal}, nil
	}
	err := s.retry(ctx, func() error { return i.run(ctx) })
	if refusal := refusalOf(err); refusal != "" {
		return Imported{Refusal: refusal}, nil
	}
	return i.result, err
}

// importable returns a with its texts and times in the form in which they are stored.
func (a Account) importable() Account {
	stored := func(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
	a.Profile = a.Normal()
	a.CreatedAt = stored(a.CreatedAt)
	a.Tokens = slices.Clone(a.Tokens)
	for n, token := range a.Tokens {
		token.Description = normalText(token.Description)
		token.CreatedAt, token.ExpiresAt, token.SeenAt = stored(token.CreatedAt), stored(token.ExpiresAt), stored(token.SeenAt)
		a.Tokens[n] = token
	}
	return a
}

// refusalOf returns the message of an error that would recur if the import were repeated, or "" for any other error.
func refusalOf(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case ok && e.Kind == KindInvalid:
		return e.Message
	case ok && e.Kind == KindUserExists:
		return refusalTakenName
	}
	return ""
}
