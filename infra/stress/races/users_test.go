package races_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"pats/pkg/pat"
)

// crowd is users who come at once: some imports of one user, and creates, every other one of which wants that user's name.
type userRace struct {
	service *pat.Service
	wanted  pat.Account

	mu sync.Mutex
	// made are the names of the users that were made, by id.
	made map[pat.UserID]string
	// imports counts the imports by what they came to: a refusal, or nothing.
	imports     map[string]int
	unavailable int
	found       []string
}

// usersAtOnce lets n clients loose, and gives what is wrong, and how many were answered 503.
func usersAtOnce(tb testing.TB, service *pat.Service, n int) (found []string, unavailable int) {
	tb.Helper()
	c := &userRace{service: service, made: map[pat.UserID]string{}, imports: map[string]int{}}
	c.reserve(tb)
	runAtOnce(alike(n, func(i, _ int) {
		if i < importers {
			c.importTokens(tb.Context())
		} else {
			c.create(tb.Context(), i)
		}
	}))
	c.check(tb.Context())
	return c.found, c.unavailable
}

// reserve keeps an id free for the user to import.
func (c *userRace) reserve(tb testing.TB) {
	tb.Helper()
	name := "wanted-" + rand.Text()
	last, err := c.service.CreateUser(tb.Context(), pat.Profile{Username: "last-" + name, Role: pat.Viewer})
	if err != nil {
		tb.Fatal(err)
	}
	c.wanted = pat.Account{ID: last.ID + 1, Profile: pat.Profile{Username: name, Role: pat.Viewer}, CreatedAt: last.CreatedAt}
	if err := c.service.ReserveUserIDs(tb.Context(), c.wanted.ID); err != nil {
		tb.Fatal(err)
	}
}

func (c *userRace) importTokens(ctx context.Context) {
	result, err := c.service.ImportUser(ctx, c.wanted)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed(err) {
		return
	}
	c.imports[result.Refusal]++
	if result.Refusal == "" {
		c.made[c.wanted.ID] = c.wanted.Username
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
	if other, twice := c.made[user.ID]; twice || user.ID <= c.wanted.ID {
		c.found = append(c.found, fmt.Sprintf("user id %d, reserved up to %d, was given to %q and %q", user.ID, c.wanted.ID, other, name))
	}
	c.made[user.ID] = name
}

// failed notes that there is no answer, or an odd one.
func (c *userRace) failed(err error) bool {
	v, detail := outcomeOf(err)
	switch v {
	case done:
		return false
	case busy:
		c.unavailable++
	default:
		c.found = append(c.found, fmt.Sprintf("unexpected response to a user's %s: %s", v, detail))
	}
	return true
}

// check: everybody who was answered is there, one has the name, and all imports were told the same.
func (c *userRace) check(ctx context.Context) {
	holders := 0
	for id, name := range c.made {
		if user, err := c.service.User(ctx, id); err != nil || user.Username != name {
			c.found = append(c.found, fmt.Sprintf("lost: user %d is %q, %v, and was answered %q", id, user.Username, err, name))
		}
		if name == c.wanted.Username {
			holders++
		}
	}
	if holders > 1 || holders == 0 && c.unavailable == 0 {
		c.found = append(c.found, fmt.Sprintf("duplicate: %d users were given one name", holders))
	}
	if len(c.imports) > 1 {
		c.found = append(c.found, fmt.Sprintf("imports of one user came to %v", c.imports))
	}
}
