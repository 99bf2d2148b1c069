package races_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// userRace is a race of requests about users: some imports of one user, and creates, half of which want the same name.
type userRace struct {
	service *pat.Service
	wanted  pat.Account

	mu sync.Mutex
	// created has the usernames of the created users by ID.
	created map[pat.UserID]string
	// imports counts the imports by refusal, which is empty for a success.
	imports     map[string]int
	unavailable int
	findings    []string
}

// usersAtOnce runs n clients, and returns what is wrong and the number of 503s.
func usersAtOnce(tb testing.TB, service *pat.Service, n int) (findings []string, unavailable int) {
	tb.Helper()
	c := &userRace{service: service, created: map[pat.UserID]string{}, imports: map[string]int{}}
	c.reserve(tb)
	runAtOnce(alike(n, func(i, _ int) {
		if i < importers {
			c.importUser(tb.Context())
		} else {
			c.create(tb.Context(), i)
		}
	}))
	c.check(tb.Context())
	return c.findings, c.unavailable
}

// reserve reserves an ID for the user to import.
func (c *userRace) reserve(tb testing.TB) {
	tb.Helper()
	name := "wanted-" + rand.Text()
	last, err := c.service.CreateUser(tb.Context(), pat.Profile{Username: "last-" + name, Role: pat.Viewer})
	must.Do(tb, err)
	c.wanted = pat.Account{ID: last.ID + 1, Profile: pat.Profile{Username: name, Role: pat.Viewer}, CreatedAt: last.CreatedAt}
	must.Do(tb, c.service.ReserveUserIDs(tb.Context(), c.wanted.ID))
}

func (c *userRace) importUser(ctx context.Context) {
	result, err := c.service.ImportUser(ctx, c.wanted)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed(err) {
		return
	}
	c.imports[result.Refusal]++
	if result.Refusal == "" {
		c.created[c.wanted.ID] = c.wanted.Username
	}
}

func (c *userRace) create(ctx context.Context, i int) {
	name := c.wanted.Username
	if i%2 == 0 {
		name += fmt.Sprint("-", i)
	}
	user, err := c.service.CreateUser(ctx, pat.Profile{Username: name, Role: pat.Viewer})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && pat.KindOf(err) == pat.KindUserExists && name == c.wanted.Username || c.failed(err) {
		return
	}
	if other, twice := c.created[user.ID]; twice || user.ID <= c.wanted.ID {
		c.findings = append(c.findings, fmt.Sprintf("user ID %d, reserved up to %d, was assigned to %q and %q", user.ID, c.wanted.ID, other, name))
	}
	c.created[user.ID] = name
}

// failed records a 503 or an unexpected response.
func (c *userRace) failed(err error) bool {
	v, detail := outcomeOf(err)
	switch v {
	case done:
		return false
	case busy:
		c.unavailable++
	default:
		c.findings = append(c.findings, "unexpected response: "+detail)
	}
	return true
}

// check checks that all created users are there, that one of them has the wanted name, and that all imports had the same result.
func (c *userRace) check(ctx context.Context) {
	holders := 0
	for id, name := range c.created {
		if user, err := c.service.User(ctx, id); err != nil || user.Username != name {
			c.findings = append(c.findings, fmt.Sprintf("lost: user %d has username %q, error %v, want %q", id, user.Username, err, name))
		}
		if name == c.wanted.Username {
			holders++
		}
	}
	if holders > 1 || holders == 0 && c.unavailable == 0 {
		c.findings = append(c.findings, fmt.Sprintf("duplicate: %d users have the same name", holders))
	}
	if len(c.imports) > 1 {
		c.findings = append(c.findings, fmt.Sprintf("imports of one user returned %v", c.imports))
	}
}
