package pat

import (
	"cmp"
	"context"
	"slices"
)

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
	// full is the reason why the Store has no space for more tokens of this user, or empty.
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
		if !here.CreatedAt.Equal(i.user.CreatedAt) || here.Type != i.user.Type {
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

// has reports whether account has token. A rotation replaces the selector and the verifier.
func has(account Account, token Token) bool {
	own, found := account.Token(token.ID)
	if own.rotated() {
		return own.CreatedAt.Equal(token.CreatedAt)
	}
	return found && own.Selector == token.Selector && own.Verifier == token.Verifier
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
