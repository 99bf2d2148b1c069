package throughput

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"pats/infra/bench/bulk"
	"pats/pkg/pat"
)

const (
	// firstUser is the ID of the first user, above those that Unleash creates.
	firstUser = 1001
	lifetime  = 90 * 24 * time.Hour
	// spare is the number of tokens that a user with one token can create.
	spare = pat.MaxTokens - 1
)

// crowd holds the users of both servers: one with one token, one with ten, and blocks of makers with one each. It supplies every create
// once to each subject.
type crowd struct {
	accounts []pat.Account
	one, ten pat.Secret
	makers   []pat.Secret
	// used counts the creates sent to each subject.
	used map[string]int
	now  time.Time
}

func newCrowd(random io.Reader, now time.Time, blocks int) (*crowd, error) {
	c := &crowd{used: map[string]int{}, now: now.UTC().Truncate(time.Millisecond)}
	for i := range blocks*block + 2 {
		tokens := 1
		if i == 1 {
			tokens = pat.MaxTokens
		}
		secret, err := c.settle(random, tokens)
		if err != nil {
			return nil, err
		}
		c.makers = append(c.makers, secret)
	}
	c.one, c.ten, c.makers = c.makers[0], c.makers[1], c.makers[2:]
	return c, nil
}

// load imports the users into an empty store.
func (c *crowd) load(ctx context.Context, store pat.Store) error {
	last := c.accounts[len(c.accounts)-1].ID
	return bulk.Import(ctx, store, last, slices.Values(c.accounts), 1)
}

// settle adds a user with the given number of tokens, and returns the first.
func (c *crowd) settle(random io.Reader, tokens int) (pat.Secret, error) {
	id := pat.UserID(firstUser + len(c.accounts))
	name := fmt.Sprintf("user%d", id)
	account := pat.Account{
		ID: id, Profile: pat.Profile{Username: name, Name: "Name of " + name, Email: name + "@example.org", Role: pat.Editor},
		CreatedAt: c.now, NextTokenID: pat.TokenID(tokens + 1), Version: 1,
	}
	var first pat.Secret
	for i := range tokens {
		secret, err := pat.NewSecret(random, id)
		if err != nil {
			return pat.Secret{}, err
		}
		if i == 0 {
			first = secret
		}
		account.Tokens = append(account.Tokens, c.token(i, secret))
	}
	c.accounts = append(c.accounts, account)
	return first, nil
}

func (c *crowd) token(i int, secret pat.Secret) pat.Token {
	return pat.Token{
		ID: pat.TokenID(i + 1), Description: fmt.Sprintf("token %d", i+1),
		Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: c.now, ExpiresAt: c.now.Add(lifetime),
	}
}

// block is the number of users who take turns until each has created spare tokens, blockOrders in all. It exceeds the number of
// connections, so that no user waits for their own create.
const (
	block       = 128
	blockOrders = block * spare
)

// order returns a create by its number: the secret of its user, and the body.
func (c *crowd) order(number int) (pat.Secret, []byte, error) {
	in, within := number/blockOrders, number%blockOrders
	body, err := json.Marshal(map[string]any{"description": fmt.Sprintf("made %d", within/block+1), "expiresAt": c.now.Add(lifetime)})
	return c.makers[in*block+within%block], body, err
}

// orders returns the next n creates for a subject, or fewer if fewer are left. It returns an error if none are left.
func (c *crowd) orders(subject string, n int) ([]byte, error) {
	var lines []byte
	from, end := c.used[subject], len(c.makers)*spare
	if from >= end {
		return nil, fmt.Errorf("all %d creates prepared for %s are used", end, subject)
	}
	for number := from; number < min(from+n, end); number++ {
		secret, body, err := c.order(number)
		if err != nil {
			return nil, err
		}
		lines = fmt.Appendf(lines, "%s %s\n", secret.Reveal(), body)
	}
	return lines, nil
}
