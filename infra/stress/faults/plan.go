package faults

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// Request is a request that arrived at a Proxy.
type Request struct {
	// Operation is DynamoDB's name of the operation, such as PutItem.
	Operation string
	// N is the number of earlier requests under the plan.
	N int
}

func (r Request) writes() bool { return r.Operation != query }

// commits reports whether the request changes an account. An UpdateItem assigns an ID or records a use.
func (r Request) commits() bool { return r.Operation == put || r.Operation == transactWrite }

// Plan returns the fault of a request. It must be safe for concurrent use.
type Plan func(Request) Fault

// Never forwards every request.
func Never(Request) Fault { return None }

// Always returns a plan with the fault for every request.
func Always(fault Fault) Plan {
	return func(Request) Fault { return fault }
}

// Writes returns a plan with the fault for every write.
func Writes(fault Fault) Plan { return where(Request.writes, fault) }

// Commits returns a plan with the fault for every write that changes an account.
func Commits(fault Fault) Plan { return where(Request.commits, fault) }

func where(holds func(Request) bool, fault Fault) Plan {
	return func(r Request) Fault {
		if holds(r) {
			return fault
		}
		return None
	}
}

// Once returns a plan with the first fault of plan, and no other.
func Once(plan Plan) Plan {
	var done atomic.Bool
	return func(r Request) Fault {
		if fault := plan(r); fault != None && !done.Swap(true) {
			return fault
		}
		return None
	}
}

// Both returns a plan with the faults of first, and those of second for requests that first forwards.
func Both(first, second Plan) Plan {
	return func(r Request) Fault {
		if fault := first(r); fault != None {
			return fault
		}
		return second(r)
	}
}

// Random returns a plan with faults for the given percentage of the requests, all equally likely. The fault of the Nth request
// depends on seed and N only.
func Random(seed uint64, percent int, faults []Fault) Plan {
	faults = slices.Clone(faults)
	return func(r Request) Fault {
		random := rand.New(rand.NewPCG(seed, uint64(r.N))) //nolint:gosec // not a secret: every run must be the same
		if random.IntN(100) >= percent {
			return None
		}
		return faults[random.IntN(len(faults))]
	}
}
