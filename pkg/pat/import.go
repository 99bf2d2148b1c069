package pat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// clockSkew is how far ahead of this machine's clock the times of an import can be.
const clockSkew = 24 * time.Hour

// ReserveUserIDs makes every later user ID greater than last. Call it before an import, with the highest ID of the import.
// Errors: KindUnavailable.
func (s *Service) ReserveUserIDs(ctx context.Context, last UserID) error {
	return s.retry(ctx, func() error { return s.store.ReserveUserIDs(ctx, last) })
}

// ImportUser imports a user of another service with IDs and tokens. Repeating it adds what is missing: a user and tokens that are
// here stay as they are, and what was deleted or revoked here does not come back. Two users are the same if ID and CreatedAt are;
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

// refusalOf returns the reason of an error that repeating the import would meet again, and "" for all others.
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

// checkUser checks the ID and the profile of user. Errors: KindInvalid.
func checkUser(user Account) error {
	if user.ID < 1 || user.ID >= MaxID {
		return invalid("The id is out of range.")
	}
	_, err := user.revise(Profile{})
	return err
}

// refuseTokens returns the index of each token that breaks a rule, with the reason.
func (s *Service) refuseTokens(tokens []Token, now time.Time) map[int]string {
	refused := map[int]string{}
	seen := map[TokenID]bool{}
	for n, token := range tokens {
		if refusal := refusalOf(s.checkToken(token, now)); refusal != "" {
			refused[n] = refusal
		} else if seen[token.ID] {
			refused[n] = refusalTwice
		}
		seen[token.ID] = true
	}
	return refused
}

// checkToken checks a token of an import. Errors: KindInvalid.
func (s *Service) checkToken(token Token, now time.Time) error {
	if _, err := ParseSelector(string(token.Selector)); err != nil {
		return invalid("The selector does not have the form of a selector.")
	}
	if _, err := ParseVerifier(string(token.Verifier)); err != nil {
		return invalid("The verifier does not have the form of a verifier.")
	}
	if token.ID < 1 || token.ID >= MaxID {
		return invalid("The id is out of range.")
	}
	return cmp.Or(checkDescription(token.Description), s.checkTimes(token, now))
}

// checkTimes checks the times of a token of an import. Errors: KindInvalid.
func (s *Service) checkTimes(token Token, now time.Time) error {
	err := cmp.Or(checkPast("date of creation", token.CreatedAt, now), checkDate("expiry date", token.ExpiresAt))
	if err == nil && !token.SeenAt.IsZero() {
		err = checkPast("date of the last use", token.SeenAt, now)
	}
	switch {
	case err != nil:
		return err
	case token.ExpiresAt.Before(token.CreatedAt):
		return invalid("The expiry date is before the date of creation.")
	case token.ExpiredAt(now.Add(-s.retention)):
		return invalid("The token expired longer ago than expired tokens are kept.")
	}
	return nil
}

// checkPast checks a date that cannot be in the future. Errors: KindInvalid.
func checkPast(what string, date, now time.Time) error {
	if err := checkDate(what, date); err != nil {
		return err
	}
	if date.After(now.Add(clockSkew)) {
		return invalid(fmt.Sprintf("The %s is in the future.", what))
	}
	return nil
}

// checkDate checks that there is a date that RFC 3339 can express. Errors: KindInvalid.
func checkDate(what string, date time.Time) error {
	if date.IsZero() {
		return invalid(fmt.Sprintf("The %s is missing.", what))
	}
	if date.Year() < 1 || date.Year() > maxYear {
		return invalid(fmt.Sprintf("The %s is not between the years 1 and %d.", what, maxYear))
	}
	return nil
}

// importer imports one user, in several attempts if need be.
type importer struct {
	service *Service
	user    Account
	// refused has the index of each token that breaks a rule, with the reason.
	refused map[int]string
	// written are the tokens that this import wrote, and made reports that it created the user, perhaps without a response.
	written map[TokenID]bool
	made    bool
	// owners are the users for whom tokens were imported before.
	owners map[Selector]UserID
	// full is the reason why the Store has no space for more tokens of this user, if that is so.
	full   string
	result Imported
}

// accepted returns the user with the tokens that break no rule.
func (i *importer) accepted() Account {
	user := i.user
	user.Tokens = nil
	for n, token := range i.user.Tokens {
		if i.refused[n] == "" {
			user.Tokens = append(user.Tokens, token)
		}
	}
	return user
}

// run writes step by step until nothing is missing.
func (i *importer) run(ctx context.Context) error {
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

// refuseUser returns the reason why the user cannot be imported beside the account here, or "".
func (i *importer) refuseUser(here Account) string {
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

// merge returns the account here with the next missing tokens, or the new user if there is none here.
func (i *importer) merge(here Account) Account {
	after := here
	if here.ID == 0 {
		after = i.user
		after.Tokens, after.NextTokenID = nil, 1
	}
	after.Tokens = slices.Clone(after.Tokens)
	for n, token := range i.user.Tokens {
		if len(after.Tokens) == len(here.Tokens)+ImportStep {
			break
		}
		if !has(after, token) && i.refuse(after, n) == "" {
			after.Tokens = append(after.Tokens, token)
			after.NextTokenID = token.ID + 1
		}
	}
	i.full = refusalOf(i.service.store.CheckSize(after))
	if i.full != "" && here.ID != 0 {
		return here
	}
	return after
}

// has reports whether account has token.
func has(account Account, token Token) bool {
	own, found := account.Find(token.Selector)
	return found && own.ID == token.ID && own.Verifier == token.Verifier
}

// refuse returns the reason why the user's nth token cannot be added to the account here, or "".
func (i *importer) refuse(here Account, n int) string {
	token := i.user.Tokens[n]
	owner, before := i.owners[token.Selector]
	_, twice := here.Find(token.Selector)
	switch {
	case i.refused[n] != "":
		return i.refused[n]
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

// write attempts one step. After a conflict it finds out which of the tokens were imported before, and for whom.
func (i *importer) write(ctx context.Context, before, after Account) error {
	added := after.Tokens[len(before.Tokens):]
	err := i.service.store.ImportAccount(ctx, before, after)
	switch KindOf(err) {
	case KindConflict:
		return cmp.Or(i.findOwners(ctx, added), err)
	case KindUnavailable: // it may have been written
	default:
		if err != nil {
			return err
		}
	}
	i.made = i.made || before.ID == 0
	for _, token := range added {
		i.written[token.ID] = true
	}
	return err
}

func (i *importer) findOwners(ctx context.Context, tokens []Token) error {
	for _, token := range tokens {
		owner, err := i.service.store.LookUp(ctx, token.Selector)
		if err == nil && !i.written[token.ID] {
			i.owners[token.Selector] = owner
		}
		if err != nil && KindOf(err) != KindNotFound {
			return err
		}
	}
	return nil
}

// finish sets the result: nothing is missing in the account here but what is refused.
func (i *importer) finish(here Account) {
	i.result = Imported{Made: i.made}
	for n, token := range i.user.Tokens {
		outcome := ImportedToken{ID: token.ID}
		if has(here, token) && i.refused[n] != refusalTwice {
			outcome.Added = i.written[token.ID]
		} else {
			outcome.Refusal = cmp.Or(i.refuse(here, n), i.full)
		}
		i.result.Tokens = append(i.result.Tokens, outcome)
	}
}
