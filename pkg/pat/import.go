package pat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// ImportedToken is what became of a token that was to be imported.
type ImportedToken struct {
	ID TokenID
	// Added says that this import brought it.
	Added bool
	// Refusal says why it is not here, and is empty if it is.
	Refusal string
}

// Imported is what became of a user who was to be imported.
type Imported struct {
	// Made says that this import made the user.
	Made bool
	// Refusal says why the user is not here, and none of the tokens. It is empty otherwise.
	Refusal string
	// Tokens stand in rising order of ID.
	Tokens []ImportedToken
}

// The refusals of an import, beside the messages of KindInvalid and KindUserExists.
const (
	refusalOtherUser = "The id is that of another user here."
	refusalDeleted   = "The user was imported before, and has been deleted here since."
	refusalTakenID   = "The id is that of another token of this user here."
	refusalUsed      = "The id has been used here: the token was revoked since an earlier import, or the id was another token's."
	refusalSelector  = "Another token here has its selector."
	refusalRevoked   = "The token was imported before, and has been revoked here since."
)

// ReserveUserIDs sees to it that every user ID given out from now on is above last. It has to come before an import, with the
// highest ID in it. Errors: KindUnavailable.
func (s *Service) ReserveUserIDs(ctx context.Context, last UserID) error {
	return s.retry(ctx, func() error { return s.store.ReserveUserIDs(ctx, last) })
}

// ImportUser brings a user of another service here, with id and tokens. It can be repeated, and then brings what is still
// missing: profile and tokens that are here are left as they are, and what was deleted or revoked here does not come back. A
// user here is the same as one there if id and CreatedAt are; a token, if id, selector and verifier are. Version and
// NextTokenID of user are not looked at: the next token's id will be above all of its tokens. The limit does not count.
// A value that breaks a rule is a Refusal. Errors: KindUnavailable, KindInternal; what was done by then is done.
func (s *Service) ImportUser(ctx context.Context, user Account) (Imported, error) {
	user.CreatedAt = user.CreatedAt.UTC().Truncate(time.Millisecond)
	user.Profile = user.normal()
	if refusal := refusalOf(cmp.Or(checkUser(user), s.store.CheckSize(user))); refusal != "" {
		return Imported{Refusal: refusal}, nil
	}
	i := &importing{service: s, user: user, tried: map[TokenID]bool{}, owners: map[Selector]UserID{}}
	err := s.retry(ctx, func() error { return i.run(ctx) })
	if refusal := refusalOf(err); refusal != "" {
		return Imported{Refusal: refusal}, nil
	}
	return i.result, err
}

// refusalOf returns the message of an error that repeating the import would meet again, and "" for all others.
func refusalOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok && (e.Kind == KindInvalid || e.Kind == KindUserExists) {
		return e.Message
	}
	return ""
}

func checkUser(user Account) error {
	if user.ID < 1 || user.ID > MaxID {
		return invalid("The id is out of range.")
	}
	_, err := user.revise(Profile{})
	return err
}

// importing is the import of one user, over several attempts.
type importing struct {
	service *Service
	user    Account
	// tried are the tokens, and made the user, that this import has written, perhaps without an answer.
	tried map[TokenID]bool
	made  bool
	// owners are the users for whom tokens were imported before.
	owners map[Selector]UserID
	result Imported
}

// run writes step by step until nothing is missing.
func (i *importing) run(ctx context.Context) error {
	for {
		before, err := i.service.store.Account(ctx, i.user.ID)
		if err != nil && KindOf(err) != KindNotFound {
			return err
		}
		if refusal := i.refuseUser(before); refusal != "" {
			i.result = Imported{Refusal: refusal}
			return nil
		}
		after := i.merge(before)
		if before.ID != 0 && len(after.Tokens) == len(before.Tokens) {
			i.finish(before)
			return nil
		}
		if err := i.write(ctx, before, after); err != nil {
			return err
		}
	}
}

func (i *importing) refuseUser(here Account) string {
	if here.ID != 0 {
		if !here.CreatedAt.Equal(i.user.CreatedAt) {
			return refusalOtherUser
		}
		return ""
	}
	for _, owner := range i.owners {
		if owner == i.user.ID {
			return refusalDeleted
		}
	}
	return ""
}

// merge is here with the next tokens that are missing, or the user as a new one.
func (i *importing) merge(here Account) Account {
	after := here
	if here.ID == 0 {
		after = i.user
		after.Tokens, after.NextTokenID = nil, 1
	}
	after.Tokens = slices.Clone(after.Tokens)
	for _, token := range i.user.Tokens {
		if len(after.Tokens) == len(here.Tokens)+ImportStep {
			break
		}
		if !has(after, token) && i.refuse(after, token) == "" {
			after.Tokens = append(after.Tokens, token)
			after.NextTokenID = token.ID + 1
		}
	}
	return after
}

func has(account Account, token Token) bool {
	own, found := account.Find(token.Selector)
	return found && own.ID == token.ID && own.Verifier == token.Verifier
}

// refuse says why token cannot become one of here's, or nothing if it can.
func (i *importing) refuse(here Account, token Token) string {
	if err := checkImported(token); err != nil {
		return err.Error()
	}
	owner, before := i.owners[token.Selector]
	_, twice := here.Find(token.Selector)
	switch {
	case slices.ContainsFunc(here.Tokens, func(own Token) bool { return own.ID == token.ID }):
		return refusalTakenID
	case before && owner == i.user.ID:
		return refusalRevoked
	case before, twice:
		return refusalSelector
	case token.ID < here.NextTokenID:
		return refusalUsed
	}
	return ""
}

func checkImported(token Token) error {
	if _, err := ParseSelector(string(token.Selector)); err != nil {
		return invalid("The selector is not in the form of one.")
	}
	if _, err := ParseVerifier(string(token.Verifier)); err != nil {
		return invalid("The verifier is not in the form of one.")
	}
	if token.ID < 1 || token.ID >= MaxID {
		return invalid("The id is out of range.")
	}
	if err := checkDescription(token.Description); err != nil {
		return err
	}
	return checkYear(token.ExpiresAt)
}

// write tries one step. A conflict may mean that tokens were imported before: then it finds out for whom.
func (i *importing) write(ctx context.Context, before, after Account) error {
	err := i.service.store.ImportAccount(ctx, before, after)
	if err == nil || KindOf(err) == KindUnavailable {
		i.made = i.made || before.ID == 0
		for _, token := range after.Tokens[len(before.Tokens):] {
			i.tried[token.ID] = true
		}
	}
	if KindOf(err) == KindConflict {
		if err := i.findOwners(ctx, after.Tokens[len(before.Tokens):]); err != nil {
			return err
		}
	}
	return err
}

func (i *importing) findOwners(ctx context.Context, tokens []Token) error {
	for _, token := range tokens {
		owner, err := i.service.store.LookUp(ctx, token.Selector)
		if err == nil && !i.tried[token.ID] {
			i.owners[token.Selector] = owner
		}
		if err != nil && KindOf(err) != KindNotFound {
			return err
		}
	}
	return nil
}

func (i *importing) finish(here Account) {
	i.result = Imported{Made: i.made}
	for _, token := range i.user.Tokens {
		outcome := ImportedToken{ID: token.ID, Added: i.tried[token.ID]}
		if !has(here, token) {
			outcome = ImportedToken{ID: token.ID, Refusal: i.refuse(here, token)}
		}
		i.result.Tokens = append(i.result.Tokens, outcome)
	}
}
