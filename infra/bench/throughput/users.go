package throughput

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"pats/infra/testkit/crowd"
	"pats/pkg/pat"
)

const (
	// firstUser is the ID of the first user, above those that Unleash creates.
	firstUser = 1001
	// spare is the number of tokens that a user with one token can create.
	spare = pat.MaxTokens - 1
	// block is the number of users who take turns until each has created spare tokens. It exceeds the number of connections, so that
	// no user waits for their own create.
	block = 128
)

// users holds the users of all servers: one with one token, one with ten, an Admin, and blocks of makers with one each. It supplies every
// create once to each subject.
type users struct {
	accounts []pat.Account
	one, ten pat.Secret
	// admin is an Admin's.
	admin  pat.Secret
	makers []pat.Secret
	// used counts the creates sent to each subject.
	used      map[string]int
	expiresAt time.Time
}

func newUsers(blocks int) (*users, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	u := &users{used: map[string]int{}, expiresAt: now.Add(crowd.Lifetime)}
	for i := range blocks*block + 3 {
		tokens := 1
		if i == 1 {
			tokens = pat.MaxTokens
		}
		account, secrets, err := crowd.NewAccount(rand.Reader, pat.UserID(firstUser+i), tokens, now)
		if err != nil {
			return nil, err
		}
		if i == 2 {
			account.Role = pat.Admin
		}
		u.accounts, u.makers = append(u.accounts, account), append(u.makers, secrets[0])
	}
	u.one, u.ten, u.admin, u.makers = u.makers[0], u.makers[1], u.makers[2], u.makers[3:]
	return u, nil
}

// creates returns the next n creates for a subject, or fewer if fewer are left, each as a line with a token and a body. It returns an
// error if none are left.
func (u *users) creates(subject string, n int) ([]byte, error) {
	var lines []byte
	from, end := u.used[subject], len(u.makers)*spare
	if from >= end {
		return nil, fmt.Errorf("all %d creates prepared for %s are used", end, subject)
	}
	for number := from; number < min(from+n, end); number++ {
		round, maker := number/block%spare, number/(block*spare)*block+number%block
		body, err := json.Marshal(map[string]any{"description": fmt.Sprintf("made %d", round+1), "expiresAt": u.expiresAt})
		if err != nil {
			return nil, err
		}
		lines = fmt.Appendf(lines, "%s %s\n", u.makers[maker].Reveal(), body)
	}
	return lines, nil
}
