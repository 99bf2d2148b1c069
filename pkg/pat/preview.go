package pat

import (
	"context"
	"sync"
)

// previewPage is the number of users that NewPreview reads at once.
const previewPage = 1000

// Preview is a Store that predicts what an import into another Store would do, without writing there. It keeps imported users in
// memory, so that later ones can conflict with them. It supports only the methods that Service.ImportUser calls.
type Preview struct {
	Store
	mu sync.Mutex
	// keys are the UniqueKeys in use.
	keys map[string]bool
	// accounts are the imported users, and selectors those of their tokens.
	accounts  map[UserID]Account
	selectors map[Selector]UserID
}

// NewPreview returns a Preview of an import into store. It reads all users. Errors: KindUnavailable.
func NewPreview(ctx context.Context, store Store) (*Preview, error) {
	p := &Preview{Store: store, keys: map[string]bool{}, accounts: map[UserID]Account{}, selectors: map[Selector]UserID{}}
	for last := UserID(0); ; {
		page, err := store.Accounts(ctx, last, previewPage)
		if err != nil {
			return nil, err
		}
		for _, account := range page {
			p.take(account)
			last = account.ID
		}
		if len(page) < previewPage {
			return p, nil
		}
	}
}

// take marks the UniqueKeys of account as in use.
func (p *Preview) take(account Account) {
	for _, key := range account.UniqueKeys() {
		p.keys[key] = true
	}
}

// Account returns the imported user with id, or the one in the store. Errors: KindNotFound.
func (p *Preview) Account(ctx context.Context, id UserID) (Account, error) {
	p.mu.Lock()
	account, imported := p.accounts[id]
	p.mu.Unlock()
	if imported {
		return account, nil
	}
	return p.Store.Account(ctx, id)
}

// ReserveUserIDs does nothing.
func (p *Preview) ReserveUserIDs(context.Context, UserID) error { return nil }

// ImportAccount keeps the account in memory. Errors: KindConflict and KindUserExists, as in Store.ImportAccount.
func (p *Preview) ImportAccount(ctx context.Context, before, after Account) error {
	for _, token := range after.Tokens[len(before.Tokens):] {
		if _, err := p.LookUp(ctx, token.Selector); KindOf(err) != KindNotFound {
			return Conflict(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range after.UniqueKeys() {
		if before.ID == 0 && p.keys[key] {
			return UserExists(nil)
		}
	}
	p.take(after)
	after.Version = before.Version + 1
	p.accounts[after.ID] = after
	for _, token := range after.Tokens {
		p.selectors[token.Selector] = after.ID
	}
	return nil
}

// LookUp returns the owner of an imported token, here or in the store. Errors: KindNotFound.
func (p *Preview) LookUp(ctx context.Context, selector Selector) (UserID, error) {
	p.mu.Lock()
	id, imported := p.selectors[selector]
	p.mu.Unlock()
	if imported {
		return id, nil
	}
	return p.Store.LookUp(ctx, selector)
}
