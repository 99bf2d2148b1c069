package pat

import (
	"context"
	"sync"
)

// previewPage is how many users one read of NewPreview takes.
const previewPage = 1000

// Preview is a Store that shows what an import into another would do, and writes nothing there. It remembers imported users so
// that later ones are held against them. Only what Service.ImportUser calls is meant for it.
type Preview struct {
	Store
	mu sync.Mutex
	// keys are the UniqueKeys that are taken, and accounts the users that were imported.
	keys      map[string]bool
	accounts  map[UserID]Account
	selectors map[Selector]UserID
}

// NewPreview makes a Preview of store, and reads all users for it. Errors: KindUnavailable.
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

func (p *Preview) take(account Account) {
	for _, key := range account.UniqueKeys() {
		p.keys[key] = true
	}
}

// Account is the one that was imported, or else the store's.
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

// ImportAccount keeps the account in memory. Errors: those of Store.ImportAccount that can be foreseen.
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

// LookUp finds what was imported, or else what the store finds.
func (p *Preview) LookUp(ctx context.Context, selector Selector) (UserID, error) {
	p.mu.Lock()
	id, imported := p.selectors[selector]
	p.mu.Unlock()
	if imported {
		return id, nil
	}
	return p.Store.LookUp(ctx, selector)
}
