package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"pats/infra/stress/faults"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
)

// scope selects the requests to DynamoDB that meet a fault.
type scope struct {
	name string
	plan func(faults.Fault) faults.Plan
	// writes is true if only writes meet the fault.
	writes bool
}

var scopes = []scope{
	{"every request", faults.Always, false},
	{"every write", faults.Writes, true},
	{"the first request", func(f faults.Fault) faults.Plan { return faults.Once(faults.Always(f)) }, false},
	{"the first write", func(f faults.Fault) faults.Plan { return faults.Once(faults.Writes(f)) }, true},
	// The client repeats the write, which conflicts with another one, although the first attempt may have taken effect.
	{"the first commit, then a conflict", func(f faults.Fault) faults.Plan {
		return faults.Both(faults.Once(faults.Commits(f)), faults.Once(faults.Commits(faults.Conflict)))
	}, true},
}

// shares is the number of parts of a matrix; each part has every scope and every fault in it.
const shares = 19

// matrix calls run for each combination of a fault, a thing and a scope, or for one share of them in each round.
func matrix[Thing any](t *testing.T, n *counts, things []Thing, name func(Thing) string, run func(*testing.T, faults.Fault, Thing, scope)) {
	t.Helper()
	rounds, turn := figures.Rounds(t, 1), int(figures.Seed(t)%shares)
	cases := func(of []faults.Fault) []testCase {
		var all []testCase
		for _, fault := range of {
			for _, thing := range things {
				for _, s := range scopes {
					if turn++; turn%shares < rounds {
						all = append(all, testCase{
							fmt.Sprintf("%s/%s/%s", fault, name(thing), s.name), func(t *testing.T) { run(t, fault, thing, s) },
						})
					}
				}
			}
		}
		return all
	}
	runCases(t, n, cases(faults.Quick()), cases(faults.Slow()))
}

// testCase is a subtest.
type testCase struct {
	name string
	run  func(*testing.T)
}

// maxQuick and maxSlow are the numbers of quick and of slow cases that run at once. The slow ones mostly wait, but for the same time: if all
// began together, all deadlines would pass together, and the functions would be too late for want of a processor.
const (
	maxQuick = 6
	maxSlow  = 64
)

// runCases runs the cases as subtests, whatever the flag -parallel says.
func runCases(t *testing.T, n *counts, quick, slow []testCase) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() { runSome(t, n, quick, maxQuick) })
	wg.Go(func() { runSome(t, n, slow, maxSlow) })
	wg.Wait()
}

// runSome runs the cases, at most limit of them at once.
func runSome(t *testing.T, n *counts, cases []testCase, limit int) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(limit)
	for _, c := range cases {
		group.Go(func() error {
			n.run(t, c)
			return nil
		})
	}
	_ = group.Wait() // the cases report by t
}

// maxRequests returns how many requests to DynamoDB an operation may cause under a fault.
func (o operation) maxRequests(fault faults.Fault) int {
	if fault == faults.Conflict {
		return maxAttempts() * o.contested
	}
	return maxAttempts() * o.calls
}

// try sends one request under a plan, and returns what is wrong with the response, its cost, and the table afterwards.
func (o operation) try(t *testing.T, on *target, fault faults.Fault, plan faults.Plan) error {
	t.Helper()
	c := on.prepared(t, o, o.withUser)
	got, err := on.sendUnder(t.Context(), plan, o.request(c.fixture), o.maxRequests(fault))
	return errors.Join(err, o.checkStatus(got), o.check(t.Context(), c, got))
}

// prepared returns a checker of a new fixture that is ready for the operation.
func (e *env) prepared(t *testing.T, o operation, withUser bool) *checker {
	t.Helper()
	c := e.newChecker(e.newFixture(t, withUser))
	if o.prepare != nil {
		o.prepare(t, c)
	}
	return c
}

// checkStatus returns an error unless the response is a success or a correct 503.
func (o operation) checkStatus(got apiclient.Response) error {
	if o.page && got.Status == http.StatusServiceUnavailable {
		return checkUnavailablePage(got)
	}
	return checkStatus(got, o.success)
}

// testOperations checks that every response is a success or a 503, in time, and that the table agrees with it.
func testOperations(t *testing.T, n *counts) {
	t.Helper()
	e := newEnv(t, n)
	matrix(t, n, operations, func(o operation) string { return o.name },
		func(t *testing.T, fault faults.Fault, o operation, s scope) {
			t.Helper()
			must.Do(t, o.try(t, newTarget(t, e, allButAuthorizer, planted{}), fault, s.plan(fault)))
		})
	must.Do(t, checkAdminCount(t.Context(), e.service))
}

// checkAdminCount returns an error unless the number of Admins, which the store keeps, is that of the accounts.
func checkAdminCount(ctx context.Context, service *pat.Service) error {
	const page = 1000
	count, last := 0, pat.UserID(0)
	for {
		users, err := service.Users(ctx, last, page)
		if err != nil {
			return err
		}
		for _, user := range users {
			last = user.ID
			if user.EnabledAdmin() {
				count++
			}
		}
		if len(users) < page {
			break
		}
	}
	if got, err := service.AdminCount(ctx); err != nil || got != count {
		return fmt.Errorf("the number of Admins is %d, error %v, want %d", got, err, count) //nolint:errorlint // err may be nil
	}
	return nil
}

// connectionRefused is the fault of an address without a server. A Proxy cannot do this.
const connectionRefused faults.Fault = "connection refused"

// unusedURL has a port that needs a privilege.
const unusedURL = "http://127.0.0.1:1"

// testConnectionRefused checks that a refused connection leads to a 503 and changes nothing.
func testConnectionRefused(t *testing.T, n *counts) {
	t.Helper()
	e := newEnv(t, n)
	var cases []testCase
	for _, o := range operations {
		cases = append(cases, testCase{o.name, func(t *testing.T) {
			settings := dynamotest.Settings(t)
			settings.Endpoint = unusedURL
			target := newTargetAt(t, e, allButAuthorizer, planted{}, settings)
			n.addInjected(map[faults.Fault]int{connectionRefused: 1})
			c := e.prepared(t, o, true)
			got, err := apiclient.Send(t.Context(), e.client, target.url, o.request(c.fixture))
			must.Do(t, err)
			if got.Status != http.StatusServiceUnavailable {
				t.Errorf("got %v, want a 503", got)
			}
			must.Do(t, errors.Join(o.checkStatus(got), target.late.check(), o.check(t.Context(), c, got)))
		}})
	}
	runCases(t, n, cases, nil)
}
