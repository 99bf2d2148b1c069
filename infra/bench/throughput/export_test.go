package throughput

import (
	"context"
	"errors"
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

// subjectName is the name of the only subject.
const subjectName = "it"

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

// Block is block times spare: the creates that one block of users can make.
const Block = block * spare

// Leave uses the creates but for the last n.
func (l *Load) Leave(n int) { l.users.used[subjectName] = len(l.users.makers)*spare - n }

// Run loads the server for a second, and longer if it has not responded that often by then, so that a busy machine does not matter.
func (l *Load) Run(ctx context.Context, what string, connections, responses int) (Outcome, error) {
	return l.runUntil(ctx, newTurn(subjectName, l.url, what, connections), responses)
}

// Introspect loads the server with introspections like Run, after a response was checked.
func (l *Load) Introspect(ctx context.Context, responses int) (Outcome, error) {
	t := newTurn(Introspection, l.url, List1, 16)
	if _, err := l.check(ctx, t); err != nil {
		return Outcome{}, err
	}
	return l.runUntil(ctx, t, responses)
}

// longest is how long a load lasts at most, in seconds.
const longest = 64

// runUntil repeats a load, each time for twice as long, until it has the given number of responses. The numbers of the outcome are those
// of the last one, but Sent is the sum.
func (l *Load) runUntil(ctx context.Context, t turn, responses int) (o Outcome, err error) {
	sent := 0
	for seconds := 1; seconds <= longest; seconds *= 2 {
		o, err = l.run(ctx, t, seconds)
		sent += o.Sent
		o.Sent = sent
		if err == nil && o.Requests >= responses || err != nil && !errors.Is(err, errNoResponse) {
			break
		}
	}
	return o, err
}

// Check checks one response.
func (l *Load) Check(ctx context.Context, what string) error {
	_, err := l.check(ctx, newTurn(subjectName, l.url, what, 1))
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
