package unleash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"pats/infra/testkit/figures"
	"pats/pkg/pat"
)

// racers is the number of concurrent creates.
const racers = 64

// TestRace sends concurrent creates to both services. It checks the limits in pats; the figures of Unleash are for comparison.
func TestRace(t *testing.T) { //nolint:paralleltest // TestUnleash wants no other users in the Unleash
	url, token := os.Getenv("UNLEASH_URL"), os.Getenv("UNLEASH_ADMIN_TOKEN")
	if url == "" || token == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with an Unleash.
		t.Skip("UNLEASH_URL and UNLEASH_ADMIN_TOKEN are not set: `make verify-unleash` starts an Unleash and sets them")
	}
	unleash, pats := newUnleash(t, strings.TrimSuffix(url, "/")), newPats(t)
	theirs, theirSame := unleash.race(token)
	ours, ourSame := pats.side.race(pats.adminToken)
	if ours != pat.MaxTokens || ourSame != 1 {
		t.Errorf("pats: got %d tokens of %d creates, and %d with one description, want %d and 1", ours, racers, ourSame, pat.MaxTokens)
	}
	figures.Print(t, "race-unleash",
		figures.Count{Name: "unleash_tokens", N: theirs}, figures.Count{Name: "unleash_same_description", N: theirSame},
		figures.Count{Name: "pats_tokens", N: ours}, figures.Count{Name: "pats_same_description", N: ourSame},
		figures.Count{Name: "allowed", N: pat.MaxTokens})
}

// race returns the number of tokens of a user after concurrent creates with distinct descriptions, and of another user after creates
// with the same one.
func (s *side) race(adminToken string) (tokens, same int) {
	s.t.Helper()
	s.lasting, s.labels = map[string]string{"admin": adminToken}, map[string]string{}
	s.enterRacer("distinct")
	s.createAtOnce("distinct", func(i int) string { return fmt.Sprintf("token %d", i) })
	s.enterRacer("alike")
	s.createAtOnce("alike", func(int) string { return "same" })
	for _, description := range s.descriptions("alike") {
		if description == "same" {
			same++
		}
	}
	return len(s.descriptions("distinct")), same
}

// enterRacer creates a user with one token, who is deleted at the end of the test.
func (s *side) enterRacer(name string) {
	s.t.Helper()
	id := s.newUser(name, "3")
	s.t.Cleanup(func() { s.removeUser(context.WithoutCancel(s.t.Context()), id) })
	s.own(name, s.firstToken(id, name))
}

func (s *side) createAtOnce(name string, description func(i int) string) {
	s.t.Helper()
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range racers {
		r := s.fill(create(described(description(i))).as("{" + name + "}"))
		all.Go(func() {
			<-start
			if _, err := r.send(s.t.Context(), s.client, s.url); err != nil {
				s.t.Errorf("%s: %v", s.name, err)
			}
		})
	}
	close(start)
	all.Wait()
}

func (s *side) descriptions(name string) []string {
	s.t.Helper()
	var listed struct {
		Pats []struct {
			Description string `json:"description"`
		} `json:"pats"`
	}
	s.must(json.Unmarshal([]byte(s.mustDo(http.StatusOK, list().as("{"+name+"}")).body), &listed))
	var descriptions []string
	for _, token := range listed.Pats {
		descriptions = append(descriptions, token.Description)
	}
	return descriptions
}
