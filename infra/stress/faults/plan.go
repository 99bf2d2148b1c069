package faults

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// Request is one that arrived at a Proxy.
type Request struct {
	// Operation is DynamoDB's name for what is asked, such as PutItem.
	Operation string
	// N counts the requests since the plan is followed, from 0.
	N int
}

func (r Request) writes() bool { return r.Operation != query }

// commits says whether the request would change an account. An UpdateItem takes a number or notes a time.
func (r Request) commits() bool { return r.Operation == put || r.Operation == transactWrite }

// Plan says what becomes of a request. It may be called by many at once.
type Plan func(Request) Fault

// Never lets every request through.
func Never(Request) Fault { return None }

// Always does fault to every request.
func Always(fault Fault) Plan {
	return func(Request) Fault { return fault }
}

// Writes does fault to every request that would change anything.
func Writes(fault Fault) Plan { return where(Request.writes, fault) }

// Commits does fault to every request that would change an account.
func Commits(fault Fault) Plan { return where(Request.commits, fault) }

func where(holds func(Request) bool, fault Fault) Plan {
	return func(r Request) Fault {
		if holds(r) {
			return fault
		}
		return None
	}
}

// Once does what plan says to the first request for which it says anything.
func Once(plan Plan) Plan {
	var done atomic.Bool
	return func(r Request) Fault {
		if fault := plan(r); fault != None && !done.Swap(true) {
			return fault
		}
		return None
	}
}

// Both does what the second plan says to a request for which the first one says nothing.
func Both(first, second Plan) Plan {
	return func(r Request) Fault {
		if fault := first(r); fault != None {
			return fault
		}
		return second(r)
	}
}

// Random does one of faults, of which each is as likely as the others, to percent of the requests. What becomes of the Nth
// request follows from seed and N alone.
func Random(seed uint64, percent int, faults []Fault) Plan {
	faults = slices.Clone(faults)
	return func(r Request) Fault {
		dice := rand.New(rand.NewPCG(seed, uint64(r.N))) //nolint:gosec // no secret: it has to be the same in each run
		if dice.IntN(100) >= percent {
			return None
		}
		return faults[dice.IntN(len(faults))]
	}
}
