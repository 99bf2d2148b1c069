package boltstore

import (
	"cmp"

	"pats/pkg/pat"
)

// contents are the records of a file, as far as they must agree with one another.
type contents struct {
	*walk
	buckets map[string][]byte
	// general are the records of bucketMeta.
	general map[string][]byte
	// users have the ID of the next token of each.
	users  map[pat.UserID]pat.TokenID
	unique map[string]pat.UserID
	tokens int
	admins int
	// format is the one that the file was written in.
	format int
}

// inspect notes whatever is wrong. Errors: newer; those of the file and of the context.
func (c *contents) inspect() error {
	for _, step := range []func() error{c.outline, c.records, c.pages} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// outline finds the buckets and the format, without which the rest says nothing.
func (c *contents) outline() error {
	if err := c.claim(0, 2); err != nil {
		return err
	}
	if err := c.tree(c.root, nil, nil, c.outlineBucket); err != nil {
		return err
	}
	if c.buckets[string(bucketMeta)] == nil {
		return damaged("it is a bbolt file of something else")
	}
	if err := c.bucket(c.buckets[string(bucketMeta)], c.generalRecord); err != nil {
		return err
	}
	var err error
	c.format, err = decode[int](bucketMeta, keyFormat, c.general[string(keyFormat)])
	if err != nil {
		return err
	}
	return c.checkFormat()
}

// checkFormat holds the format against the buckets that there are. Errors: newer; damage.
func (c *contents) checkFormat() error {
	_, imports := c.buckets[string(bucketImported)]
	switch {
	case c.format > format:
		return newer(c.format)
	case c.format < 1, imports && c.format < importsFrom:
		return damaged("it is not laid out as its format, %d, says", c.format)
	}
	return nil
}

func (c *contents) outlineBucket(e element) error {
	if !e.bucket {
		return damaged("%q is no bucket", e.key)
	}
	c.buckets[string(e.key)] = e.value
	return nil
}

func (c *contents) generalRecord(e element) error {
	c.general[string(e.key)] = e.value
	return nil
}

// records reads every record. Accounts come first: the others are held against them.
func (c *contents) records() error {
	visits := []struct {
		bucket []byte
		visit  func(element) error
	}{{bucketAccounts, c.account}, {bucketSeen, c.seen}, {bucketUnique, c.uniqueKey}, {bucketImported, c.imported}}
	if c.format < importsFrom {
		visits = visits[:3]
	}
	for _, v := range visits {
		if err := c.note(c.bucket(c.buckets[string(v.bucket)], v.visit)); err != nil {
			return err
		}
	}
	return cmp.Or(c.note(c.counted()), c.note(c.strays()))
}

func (c *contents) account(e element) error {
	if len(e.key) != idLen {
		return damaged("account %x has a bad key", e.key)
	}
	stored, err := decode[account](bucketAccounts, e.key, e.value)
	if err != nil {
		return err
	}
	id := userOf(e.key)
	c.users[id] = stored.NextToken
	c.tokens += len(stored.Tokens)
	profile := stored.header(id).Profile
	if profile.EnabledAdmin() {
		c.admins++
	}
	for _, key := range profile.UniqueKeys() {
		c.unique[key] = id
	}
	return sound(id, stored)
}

// sound checks that an account agrees with itself.
func sound(id pat.UserID, stored account) error {
	last := pat.TokenID(0)
	for _, t := range stored.Tokens {
		if t.ID <= last || t.ID >= stored.NextToken {
			return damaged("token %d of user %d is out of order", t.ID, id)
		}
		last = t.ID
	}
	return nil
}

func (c *contents) seen(e element) error {
	if _, err := decode[int64](bucketSeen, e.key, e.value); err != nil {
		return err
	}
	if len(e.key) != 2*idLen || tokenOf(e.key) < 1 || tokenOf(e.key) >= c.users[userOf(e.key)] {
		return damaged("a use is recorded of token %x, which there never was", e.key)
	}
	return nil
}

// uniqueKey takes from unique the key of e; see strays.
func (c *contents) uniqueKey(e element) error {
	id, err := decode[pat.UserID](bucketUnique, e.key, e.value)
	if err != nil {
		return err
	}
	if owner, found := c.unique[string(e.key)]; !found || owner != id {
		return damaged("%q is kept for user %d, who does not have it", e.key, id)
	}
	delete(c.unique, string(e.key))
	return nil
}

// strays finds a value that an account has and that is not kept for it.
func (c *contents) strays() error {
	for key, id := range c.unique {
		return damaged("%q of user %d is not kept as unique", key, id)
	}
	return nil
}

func (c *contents) imported(e element) error {
	if _, err := pat.ParseSelector(string(e.key)); err != nil {
		return damaged("a token is kept as imported under %q, which is no selector", e.key)
	}
	id, err := decode[pat.UserID](bucketImported, e.key, e.value)
	if err == nil && id < 1 {
		return damaged("a token is kept as imported for user %d", id)
	}
	return err
}

func (c *contents) counted() error {
	counted, err := decode[state](bucketMeta, keyState, c.general[string(keyState)])
	if err != nil {
		return err
	}
	for id := range c.users {
		if id < 1 || id > counted.LastUser {
			return damaged("user %d is not among the %d that were made", id, counted.LastUser)
		}
	}
	if counted.Admins != c.admins {
		return damaged("%d enabled Admins are counted, but there are %d", counted.Admins, c.admins)
	}
	return nil
}

// pages accounts for every page. What is lost follows from what was noted before, if anything was.
func (c *contents) pages() error {
	if err := c.note(c.freePages()); err != nil {
		return err
	}
	if len(c.findings) == 0 {
		c.lostPages()
	}
	return nil
}
