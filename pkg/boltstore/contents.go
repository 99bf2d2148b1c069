package boltstore

import (
	"cmp"
	"fmt"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

// contents has what the records of a file must agree on.
type contents struct {
	*boltfile.Walk
	buckets map[string][]byte
	// general has the records of bucketMeta.
	general map[string][]byte
	// users has the NextTokenID of each user.
	users  map[pat.UserID]pat.TokenID
	unique map[string]pat.UserID
	// services are the service accounts.
	services map[pat.UserID]bool
	tokens   int
	admins   int
	// format is the format that the file was written in.
	format int
}

// inspect notes all damage. Errors: newer; Damage if the file is not a data file; those of the file and of the context.
func (c *contents) inspect() error {
	for _, step := range []func() error{c.layout, c.records, c.Finish} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// layout finds the buckets and the format, which the rest depends on.
func (c *contents) layout() error {
	if err := c.Buckets(c.layoutBucket); err != nil {
		return err
	}
	if c.buckets[string(bucketMeta)] == nil {
		return boltfile.Damaged("it is a bbolt file of another program")
	}
	if err := c.Bucket(c.buckets[string(bucketMeta)], c.generalRecord); err != nil {
		return err
	}
	var err error
	c.format, err = decode[int](bucketMeta, keyFormat, c.general[string(keyFormat)])
	if err != nil {
		return err
	}
	return c.checkFormat()
}

// checkFormat compares the format with the buckets found. Errors: newer; Damage.
func (c *contents) checkFormat() error {
	_, imports := c.buckets[string(bucketImported)]
	_, services := c.buckets[string(bucketServices)]
	switch {
	case c.format > format:
		return newer(c.format)
	case c.format < 1, imports && c.format < importsFrom, services && c.format < scopesFrom:
		return boltfile.Damaged("it is not laid out as in format %d, which it claims to have", c.format)
	}
	return nil
}

func (c *contents) layoutBucket(e boltfile.Element) error {
	if !e.IsBucket {
		return boltfile.Damaged("%q is not a bucket", e.Key)
	}
	c.buckets[string(e.Key)] = e.Value
	return nil
}

func (c *contents) generalRecord(e boltfile.Element) error {
	c.general[string(e.Key)] = e.Value
	return nil
}

// records reads every record. Accounts come first, since the others are compared with them.
func (c *contents) records() error {
	visits := []func() error{c.accounts, c.uses, c.uniqueKeys, c.listedServices, c.imports}
	if c.format < importsFrom {
		visits = visits[:4]
	}
	for _, visit := range visits {
		if err := c.Note(visit()); err != nil {
			return err
		}
	}
	return cmp.Or(c.Note(c.counted()), c.Note(c.strays()))
}

func (c *contents) accounts() error {
	return visitDecoded(c.Walk, c.buckets[string(bucketAccounts)], readOutline, c.account)
}

func (c *contents) uses() error {
	return visitDecoded(c.Walk, c.buckets[string(bucketSeen)], readUse, c.seen)
}

func (c *contents) uniqueKeys() error {
	return visitDecoded(c.Walk, c.buckets[string(bucketUnique)], readOwned, c.uniqueKey)
}

// listedServices visits the bucket of service accounts, if there is one. Errors: Damage if a service account is not in it.
func (c *contents) listedServices() error {
	if header, found := c.buckets[string(bucketServices)]; found {
		if err := c.Bucket(header, c.listedService); err != nil {
			return err
		}
	}
	for id := range c.services {
		return boltfile.Damaged("service account %d is not recorded as one", id)
	}
	return nil
}

// listedService removes the account from services; see listedServices.
func (c *contents) listedService(e boltfile.Element) error {
	if len(e.Key) != idLen || !c.services[userOf(e.Key)] {
		return boltfile.Damaged("%x is recorded as a service account, which it is not", e.Key)
	}
	delete(c.services, userOf(e.Key))
	_, err := decode[bool](bucketServices, e.Key, e.Value)
	return err
}

func (c *contents) imports() error {
	return c.Bucket(c.buckets[string(bucketImported)], c.imported)
}

// outline is the part of an account that the rest of the file must agree with.
type outline struct {
	id pat.UserID
	// since is the first format that has what the account has.
	since     int
	nextToken pat.TokenID
	tokens    int
	admin     bool
	service   bool
	unique    []string
	// fault is a contradiction within the account.
	fault error
}

func readOutline(e boltfile.Element) (outline, error) {
	if len(e.Key) != idLen {
		return outline{}, boltfile.Damaged("account %x has a bad key", e.Key)
	}
	stored, err := decode[account](bucketAccounts, e.Key, e.Value)
	if err != nil {
		return outline{}, err
	}
	id := userOf(e.Key)
	header, err := stored.header(id)
	if err != nil {
		return outline{}, err
	}
	return outline{
		id: id, since: stored.since(), nextToken: stored.NextToken, tokens: len(stored.Tokens),
		admin: header.PersonalAdmin(), service: header.Type == pat.ServiceAccount, unique: header.UniqueKeys(), fault: sound(id, stored),
	}, nil
}

func (c *contents) account(a outline) error {
	c.users[a.id] = a.nextToken
	c.tokens += a.tokens
	if a.admin {
		c.admins++
	}
	if a.service {
		c.services[a.id] = true
	}
	for _, key := range a.unique {
		c.unique[key] = a.id
	}
	if a.since > c.format {
		return boltfile.Damaged("user %d has what only format %d has", a.id, a.since)
	}
	return a.fault
}

// sound checks an account for contradictions.
func sound(id pat.UserID, stored account) error {
	last := pat.TokenID(0)
	for _, t := range stored.Tokens {
		if t.ID <= last || t.ID >= stored.NextToken {
			return boltfile.Damaged("token %d of user %d is out of order", t.ID, id)
		}
		if _, err := t.domain(); err != nil {
			return fmt.Errorf("user %d: %w", id, err)
		}
		last = t.ID
	}
	return nil
}

// readUse checks the record of a use and returns its key.
func readUse(e boltfile.Element) ([]byte, error) {
	_, err := decode[int64](bucketSeen, e.Key, e.Value)
	return e.Key, err
}

func (c *contents) seen(key []byte) error {
	if len(key) != 2*idLen || tokenOf(key) < 1 || tokenOf(key) >= c.users[userOf(key)] {
		return boltfile.Damaged("a use is recorded of token %x, which never existed", key)
	}
	return nil
}

// owned is a unique key and the user recorded for it.
type owned struct {
	key   string
	owner pat.UserID
}

func readOwned(e boltfile.Element) (owned, error) {
	id, err := decode[pat.UserID](bucketUnique, e.Key, e.Value)
	return owned{string(e.Key), id}, err
}

// uniqueKey removes the key from unique; see strays.
func (c *contents) uniqueKey(o owned) error {
	if owner, found := c.unique[o.key]; !found || owner != o.owner {
		return boltfile.Damaged("%q is recorded for user %d, who does not have it", o.key, o.owner)
	}
	delete(c.unique, o.key)
	return nil
}

// strays finds a username or email address of an account that is not recorded as unique.
func (c *contents) strays() error {
	for key, id := range c.unique {
		return boltfile.Damaged("%q of user %d is not recorded as unique", key, id)
	}
	return nil
}

func (c *contents) imported(e boltfile.Element) error {
	if _, err := pat.ParseSelector(string(e.Key)); err != nil {
		return boltfile.Damaged("a token is recorded as imported under %q, which is not a selector", e.Key)
	}
	id, err := decode[pat.UserID](bucketImported, e.Key, e.Value)
	if err == nil && id < 1 {
		return boltfile.Damaged("a token is recorded as imported for user %d", id)
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
			return boltfile.Damaged("user %d is above the last user ID, %d", id, counted.LastUser)
		}
	}
	if counted.Admins != c.admins {
		return boltfile.Damaged("the counter says %d enabled Admins, but there are %d", counted.Admins, c.admins)
	}
	return nil
}
