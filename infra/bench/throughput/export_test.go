package throughput

import (
	"context"
	"slices"
	"time"

	"pats/infra/bench/result"
	"pats/infra/testkit/service"
	"pats/pkg/pat"
)

// Outcome is outcome.
type Outcome = outcome

// ParseOutcome is parseOutcome.
var ParseOutcome = parseOutcome

// Load is a load on a server at a URL.
type Load struct {
	load
	url string
}

// NewLoad returns a load of users with blocks of makers.
func NewLoad(folder string, blocks int) (*Load, error) {
	users, err := newUsers(blocks)
	return &Load{load: load{folder, users}}, err
}

// Accounts returns the users.
func (l *Load) Accounts() []pat.Account { return l.users.accounts }

// At returns a load of the same users on the server at url, from the first create on.
func (l *Load) At(url string) *Load {
	users := *l.users
	users.used = map[string]int{}
	return &Load{load{l.folder, &users}, url}
}

// Run loads the server for a second.
func (l *Load) Run(ctx context.Context, what string, connections int) (Outcome, error) {
	return l.run(ctx, newTurn("it", l.url, what, connections), 1)
}

// Introspect loads the server with introspections for a second, after a response was checked.
func (l *Load) Introspect(ctx context.Context) (Outcome, error) {
	t := newTurn(Introspection, l.url, List1, 16)
	if _, err := l.check(ctx, t); err != nil {
		return Outcome{}, err
	}
	return l.run(ctx, t, 1)
}

// Check checks one response.
func (l *Load) Check(ctx context.Context, what string) error {
	_, err := l.check(ctx, newTurn("it", l.url, what, 1))
	return err
}

// AddList1 adds the outcome of List1 with 16 connections.
func AddList1(run *result.Run, subject string, o Outcome, cpu time.Duration) {
	addOutcome(run, newTurn(subject, "", List1, 16), o, cpu)
}

// Compare is compare.
func Compare(run *result.Run) error { return compare(run) }

func newTurn(name, url, what string, connections int) turn {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.what == what })
	return turn{&subject{name: name, Service: &service.Service{Ready: url}}, kinds[i], connections}
}
