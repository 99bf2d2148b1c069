package pat

import (
	"context"
	"slices"
	"time"
)

// TokenState is what a token is at a moment. Every token has one.
type TokenState string

// The states of tokens.
const (
	// TokenActive is a token that has not expired, of an enabled user.
	TokenActive TokenState = "active"
	// TokenExpired is a token that has expired.
	TokenExpired TokenState = "expired"
	// TokenDisabled is a token that has not expired, of a disabled user.
	TokenDisabled TokenState = "disabled"
)

// TokenStates returns all states.
func TokenStates() []TokenState { return []TokenState{TokenActive, TokenExpired, TokenDisabled} }

// TokenFilter selects tokens. Each member that is not zero excludes tokens.
type TokenFilter struct {
	// User excludes the tokens of other users.
	User UserID
	// ExpiresBefore excludes tokens that end then or later. Tokens that have expired remain.
	ExpiresBefore time.Time
	// UnusedSince excludes tokens whose last use is recorded then or later. A token without a recorded use counts from when it was
	// created. A record can be SeenInterval behind.
	UnusedSince time.Time
	// Scope excludes tokens that do not list this scope. An unscoped token lists none.
	Scope Scope
	// State excludes tokens in other states.
	State TokenState
}

// CheckScope checks the form of a scope to filter by, which need not be in the catalog. Errors: KindInvalid.
func CheckScope(scope Scope) error {
	if !isScope(string(scope)) {
		return invalid("A scope is " + scopeForm + ".")
	}
	return nil
}

// UserTokens are a user and some of the user's tokens.
type UserTokens struct {
	// User has neither Tokens nor Spent.
	User Account
	// Tokens are in ascending order of ID.
	Tokens []Token
}

// AllTokens returns the tokens that filter selects among those of up to limit users with IDs above after, in ascending order of ID.
// The limit is of users looked at, so a page can be empty and still have a next. next is the last user looked at, or 0 if there are no
// more. The cost depends on limit, not on how many users there are. With filter.User, only that user is looked at.
// Errors: KindNotFound if filter.User does not exist; KindUnavailable.
func (s *Service) AllTokens(ctx context.Context, after UserID, limit int, filter TokenFilter) (page []UserTokens, next UserID, err error) {
	accounts, next, err := s.accountsToFilter(ctx, after, limit, filter.User)
	if err != nil {
		return nil, 0, err
	}
	now := s.now()
	for _, account := range accounts {
		if tokens := s.settings.selected(account, filter, now); len(tokens) > 0 {
			account.Tokens, account.Spent = nil, nil
			page = append(page, UserTokens{account, tokens})
		}
	}
	return page, next, nil
}

// accountsToFilter returns a page of accounts with tokens, or only that of user unless that is 0.
func (s *Service) accountsToFilter(ctx context.Context, after UserID, limit int, user UserID) ([]Account, UserID, error) {
	if user == 0 {
		return s.store.AccountsWithTokens(ctx, after, limit)
	}
	account, err := s.store.Account(ctx, user)
	if err != nil || user <= after {
		return nil, 0, err
	}
	return []Account{account}, 0, nil
}

// RevokeUserTokens removes the tokens of a user that filter selects when they are removed, in one change, for an operator. It returns
// their IDs. Errors: KindNotFound if the user does not exist; KindUnavailable.
func (s *Service) RevokeUserTokens(ctx context.Context, user UserID, filter TokenFilter) ([]TokenID, error) {
	selected := func(account Account) []TokenID {
		var ids []TokenID
		for _, token := range s.settings.selected(account, filter, s.now()) {
			ids = append(ids, token.ID)
		}
		return ids
	}
	return s.revoke(ctx, user, selected, allowOperator)
}

// selected returns the tokens of account that filter selects, as a list shows them at now.
func (s Settings) selected(account Account, filter TokenFilter, now time.Time) []Token {
	return slices.DeleteFunc(s.list(account.Tokens, now), func(token Token) bool { return !filter.selects(account, token, now) })
}

// selects reports whether f selects token, which is account's and as a list shows it.
func (f TokenFilter) selects(account Account, token Token, now time.Time) bool {
	return (f.User == 0 || account.ID == f.User) &&
		(f.ExpiresBefore.IsZero() || token.ExpiresAt.Before(f.ExpiresBefore)) &&
		(f.UnusedSince.IsZero() || token.lastUse().Before(f.UnusedSince)) &&
		(f.Scope == "" || slices.Contains(token.Scopes.List(), f.Scope)) &&
		(f.State == "" || stateOf(account, token, now) == f.State)
}

// lastUse returns the last recorded use of the token, or if there is none, when it was created.
func (t Token) lastUse() time.Time {
	if t.SeenAt.IsZero() {
		return t.CreatedAt
	}
	return t.SeenAt
}

func stateOf(account Account, token Token, now time.Time) TokenState {
	switch {
	case token.ExpiredAt(now):
		return TokenExpired
	case account.Disabled:
		return TokenDisabled
	}
	return TokenActive
}
