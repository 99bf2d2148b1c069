package pattest

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/pat"
)

// promise is a test of one thing that a pat.Store must do.
type promise struct {
	name string
	test func(t *testing.T, store pat.Store)
}

// Run checks that a store behaves as pat.Store describes, alone and under a pat.Service, with many concurrent callers. open returns
// an empty store for each test, until the test ends. Tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) pat.Store) {
	promises := slices.Concat(
		accountPromises, listPromises, everyonePromises, replacePromises, deletePromises, uniquePromises, adminPromises, seenPromises,
		importPromises, accountTypePromises, contextPromises, scopePromises, servicePromises, rotationPromises, limitPromises,
		signInPromises,
	)
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, open(t))
		})
	}
}

// together calls work n times concurrently and returns the errors in order.
func together(n int, work func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = work(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// countKinds counts errors by kind, and successes under succeeded.
func countKinds(errs []error) map[pat.Kind]int {
	counts := map[pat.Kind]int{}
	for _, err := range errs {
		if err == nil {
			counts[succeeded]++
		} else {
			counts[pat.KindOf(err)]++
		}
	}
	return counts
}

const succeeded pat.Kind = -1

// wantKinds fails the test unless errs has exactly these kinds.
func wantKinds(t *testing.T, errs []error, want map[pat.Kind]int) {
	t.Helper()
	if diff := cmp.Diff(want, countKinds(errs)); diff != "" {
		t.Errorf("number of errors by kind (-1 is success), -want +got:\n%s\nfirst error: %v", diff, first(errs))
	}
}

func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantAccount fails the test unless the stored account is want.
func wantAccount(t *testing.T, store pat.Store, want pat.Account) {
	t.Helper()
	wantSame(t, Read(t, store, want.ID), want)
}

func wantSame(t *testing.T, got, want pat.Account) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("account %d, -want +got:\n%s", want.ID, diff)
	}
}

// succeed fails the test if err is not nil.
func succeed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}
