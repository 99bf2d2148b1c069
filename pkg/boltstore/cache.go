package boltstore

import (
	"slices"
	"sync"

	"pats/pkg/pat"
)

const (
	// cacheUsers is the number of accounts in a cache, about 3 KB each with ten tokens.
	cacheUsers = 4096
	// cacheTokens is the largest number of tokens and of spent ones in a cached account. Only imported users have more, and those who may
	// have more tokens than the default limit.
	cacheTokens = 32
)

// cache keeps accounts as they were read, until they are written. It is safe for concurrent use.
//
// get never returns an account from before a write that readers can see. Each write calls forget, with the ID of its transaction,
// before its commit makes it visible; readers have the ID of the last commit, which is lower by one. From then on, keep rejects
// accounts that were read before that write, so a slow reader cannot put the old account back.
type cache struct {
	mu       sync.Mutex
	accounts map[pat.UserID]pat.Account
	// oldest is the lowest transaction whose reads are kept: that of the last write.
	oldest int
	closed bool
}

func newCache() *cache { return &cache{accounts: map[pat.UserID]pat.Account{}} }

// get returns a copy of the cached account, and reports whether there is one.
func (c *cache) get(id pat.UserID) (pat.Account, bool) {
	c.mu.Lock()
	account, found := c.accounts[id]
	c.mu.Unlock()
	return clone(account), found
}

// keep caches a copy of an account that was read in the transaction with this ID.
func (c *cache) keep(account pat.Account, transaction int) {
	if max(len(account.Tokens), len(account.Spent)) > cacheTokens {
		return
	}
	account = clone(account)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || transaction < c.oldest {
		return
	}
	c.makeRoom()
	c.accounts[account.ID] = account
}

// makeRoom drops an arbitrary account from a full cache.
func (c *cache) makeRoom() {
	if len(c.accounts) < cacheUsers {
		return
	}
	for id := range c.accounts {
		delete(c.accounts, id)
		return
	}
}

// forget drops the account that the transaction with this ID writes. It must precede the commit.
func (c *cache) forget(id pat.UserID, transaction int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.accounts, id)
	c.oldest = transaction
}

// close drops all accounts and takes no more.
func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.accounts)
	c.closed = true
}

// clone returns account with copies of its slices.
func clone(account pat.Account) pat.Account {
	account.Tokens, account.Spent = slices.Clone(account.Tokens), slices.Clone(account.Spent)
	return account
}
