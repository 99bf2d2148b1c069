package boltstore

import (
	"slices"
	"sync"

	"pats/pkg/pat"
)

const (
	// cacheUsers is the number of accounts in a cache, about 3 KB each with ten tokens.
	cacheUsers = 4096
	// cacheTokens is the number of tokens and spent ones in all accounts of a cache, about 400 bytes each.
	cacheTokens = 32 * cacheUsers
	// accountTokens is the largest number of them in a cached account: twice the largest limit of tokens, since each can be revoked and
	// created again. Only imported users have more.
	accountTokens = 200
)

// cache keeps accounts as they were read, until they are written. It is safe for concurrent use.
//
// get never returns an account from before a write that readers can see. Each write calls forget, with the ID of its transaction,
// before its commit makes it visible; readers have the ID of the last commit, which is lower by one. From then on, keep rejects
// accounts that were read before that write, so a slow reader cannot put the old account back.
type cache struct {
	mu       sync.Mutex
	accounts map[pat.UserID]pat.Account
	// tokens is the number of tokens and spent ones in accounts.
	tokens int
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
	if tokensOf(account) > accountTokens {
		return
	}
	account = clone(account)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || transaction < c.oldest {
		return
	}
	c.drop(account.ID)
	c.makeRoom(tokensOf(account))
	c.accounts[account.ID] = account
	c.tokens += tokensOf(account)
}

// makeRoom drops arbitrary accounts until there is room for one with n tokens and spent ones.
func (c *cache) makeRoom(n int) {
	for id := range c.accounts {
		if len(c.accounts) < cacheUsers && c.tokens+n <= cacheTokens {
			return
		}
		c.drop(id)
	}
}

// drop removes the account, if it is there.
func (c *cache) drop(id pat.UserID) {
	c.tokens -= tokensOf(c.accounts[id])
	delete(c.accounts, id)
}

func tokensOf(account pat.Account) int { return len(account.Tokens) + len(account.Spent) }

// forget drops the account that the transaction with this ID writes. It must precede the commit.
func (c *cache) forget(id pat.UserID, transaction int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
	c.oldest = transaction
}

// close drops all accounts and takes no more.
func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.accounts)
	c.tokens = 0
	c.closed = true
}

// clone returns account with copies of its slices.
func clone(account pat.Account) pat.Account {
	account.Tokens, account.Spent = slices.Clone(account.Tokens), slices.Clone(account.Spent)
	return account
}
