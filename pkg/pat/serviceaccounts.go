package pat

import (
	"context"
	"time"
)

// ServiceAccounts returns up to limit service accounts with IDs above after, in ascending order of ID, with the tokens that are listed.
// next is the last one looked at, or 0 if there are no more. Errors: KindUnavailable.
func (s *Service) ServiceAccounts(ctx context.Context, after UserID, limit int) (page []UserTokens, next UserID, err error) {
	accounts, next, err := s.store.AccountsWithTokens(ctx, after, limit, ServiceAccount)
	if err != nil {
		return nil, 0, err
	}
	now := s.now()
	for _, account := range accounts {
		tokens := s.settings.list(account.Tokens, now)
		account.Tokens, account.Spent = nil, nil
		page = append(page, UserTokens{account, tokens})
	}
	return page, next, nil
}

// ServiceTokens returns the tokens of a service account, in ascending order of ID. Errors: KindNotFound, KindUnavailable.
func (s *Service) ServiceTokens(ctx context.Context, id UserID) ([]Token, error) {
	account, err := s.User(ctx, id, ServiceAccount)
	if err != nil {
		return nil, err
	}
	return s.settings.list(account.Tokens, s.now()), nil
}

// CreateServiceToken creates a token of a service account for an Admin, who is checked anew, or for the holder of the admin API token,
// who must have been checked. A scoped token of the Admin bounds the new one as it bounds its children. The Admin's token is the Maker,
// and no ancestor, since ancestors are of the same account. key is nil, or makes the create repeatable, as for CreateTokenOnce.
// Errors: those of CreateToken; KindForbidden also unless the user is an Admin and the token has ScopeUsersWrite; KindNotFound if there
// is no service account with id; KindKeySpent.
func (s *Service) CreateServiceToken(ctx context.Context, by Principal, id UserID, draft Draft, key *IdempotencyKey) (Token, Secret, error) {
	secret, err := s.nextSecret(id, key)
	if err != nil {
		return Token{}, Secret{}, err
	}
	c := creation{draft: draft.normal(), secret: secret, key: key, permit: s.allowAdmin(ctx, by, key), settings: s.settings}
	return c.result(s.change(ctx, id, c.apply))
}

// RotateServiceToken rotates a token of a service account for an Admin or the holder of the admin API token, as CreateServiceToken
// creates one. Errors: those of RotateToken and CreateServiceToken; KindNotFound also if the service account has no such token.
func (s *Service) RotateServiceToken(ctx context.Context, by Principal, account UserID, id TokenID, r Rotation) (Token, Secret, error) {
	return s.rotate(ctx, account, rotating{
		rotation: r, id: func(author) TokenID { return id }, permit: s.allowAdmin(ctx, by, r.Key),
	})
}

// RevokeServiceToken removes the token with id of a service account, and with descendants also all that it led to, for an Admin whom the
// caller has checked. It returns the IDs of the tokens removed: none if the account has no such token.
// Errors: KindNotFound if there is no such service account; KindUnavailable.
func (s *Service) RevokeServiceToken(ctx context.Context, account UserID, id TokenID, descendants bool) ([]TokenID, error) {
	selected := justToken(id)
	if descendants {
		selected = withDescendants(id)
	}
	return s.revoke(ctx, account, selected, allowService)
}

// allowService permits an operator to change a service account. Errors: KindNotFound for other accounts.
func allowService(account Account, _ time.Time) (author, error) {
	return author{operator: true}, account.checkType([]AccountType{ServiceAccount})
}

// allowAdmin permits an Admin to change a service account while the Admin's token is valid, has ScopeUsersWrite, and is the one presented
// for key, unless that is nil. Each attempt reads the Admin's account. The holder of the admin API token is an operator.
// Errors: KindUnauthenticated, KindForbidden, KindNotFound for other accounts, KindInvalid for an operator with a key, KindUnavailable.
func (s *Service) allowAdmin(ctx context.Context, by Principal, key *IdempotencyKey) permission {
	if by.Kind == HolderAdmin {
		return operatorWithout(key)
	}
	holds := s.allow(by.Identity, ScopeUsersWrite)
	if key != nil {
		holds = presenting(*key, by.Identity, holds)
	}
	return func(account Account, now time.Time) (author, error) {
		a, err := s.authorElsewhere(ctx, account, by.Identity, holds, now)
		if err == nil {
			err = a.holder.RequireAdmin()
		}
		if err == nil {
			err = account.checkType([]AccountType{ServiceAccount})
		}
		return a, err
	}
}

// operatorWithout is allowService, and refuses a key: it derives from a token that is presented.
func operatorWithout(key *IdempotencyKey) permission {
	if key == nil {
		return allowService
	}
	return func(Account, time.Time) (author, error) { return author{}, invalid(keyWithoutToken) }
}

// authorElsewhere returns the author of a change of account who is caller, as holds permits.
func (s *Service) authorElsewhere(ctx context.Context, account Account, caller Identity, holds permission, now time.Time) (author, error) {
	if caller.User == account.ID {
		return holds(account, now)
	}
	own, err := s.account(ctx, caller)
	if err != nil {
		return author{}, err
	}
	a, err := holds(own, now)
	a.foreign = true
	return a, err
}
