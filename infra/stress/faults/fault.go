// Package faults stands between a client and DynamoDB and does to single requests what a network, or DynamoDB on a bad day,
// does to them. It knows requests by their operation, which a proxy of TCP connections such as Toxiproxy does not: so it can
// fail a write and let the reads through, answer in DynamoDB's own words, and lose the answer of a write that took effect.
package faults

import "time"

// Fault is what becomes of one request.
type Fault string

// None passes the request on.
const None Fault = ""

// DynamoDB refuses: nothing took effect.
const (
	// Throughput is a ProvisionedThroughputExceededException.
	Throughput Fault = "throughput"
	// Throttling is a ThrottlingException.
	Throttling Fault = "throttling"
	// RequestLimit is a RequestLimitExceeded.
	RequestLimit Fault = "request limit"
	// TransactionThrottled is a TransactionCanceledException with the reason ThrottlingError; on what is no transaction it is
	// Throttling.
	TransactionThrottled Fault = "transaction throttled"
	// TransactionInProgress is a TransactionInProgressException; on what is no transaction it is Throttling.
	TransactionInProgress Fault = "transaction in progress"
	// Conflict is a TransactionCanceledException with the reason TransactionConflict, or a TransactionConflictException on a
	// single write. Reads have no conflicts: they pass.
	Conflict Fault = "conflict"
	// InternalError is an InternalServerError with status 500.
	InternalError Fault = "internal error"
	// Unavailable is an InternalServerError with status 503.
	Unavailable Fault = "unavailable"
	// BadGateway is a 502 that is not JSON.
	BadGateway Fault = "bad gateway"
)

// The network fails ahead of DynamoDB.
const (
	// Reset ends the connection with a TCP reset.
	Reset Fault = "reset"
	// Outage ends the connection, and every other one for a moment, with a TCP reset.
	Outage Fault = "outage"
	// Hang never answers.
	Hang Fault = "hang"
	// Delay holds the request for a part of the client's patience.
	Delay Fault = "delay"
	// Late holds the request until the client has given it up, and then lets it take effect.
	Late Fault = "late"
)

// DynamoDB has done what it was asked for, and the answer does not arrive whole.
const (
	// Lost ends the connection with a TCP reset instead of the answer.
	Lost Fault = "lost"
	// Stall never sends the answer.
	Stall Fault = "stall"
	// Truncate ends the connection in the middle of the answer's body.
	Truncate Fault = "truncate"
	// Cut sends half of the body as if it were all of it.
	Cut Fault = "cut"
	// Empty sends no body.
	Empty Fault = "empty"
	// Rubbish sends a body that is not JSON and has no checksum.
	Rubbish Fault = "rubbish"
	// Corrupt sends other values in the body, which then does not match its checksum.
	Corrupt Fault = "corrupt"
)

// Quick are the faults that a client learns of at once.
func Quick() []Fault {
	return []Fault{
		Throughput, Throttling, RequestLimit, TransactionThrottled, TransactionInProgress, Conflict, InternalError, Unavailable, BadGateway,
		Reset, Outage, Delay, Lost, Truncate, Cut, Empty, Rubbish, Corrupt,
	}
}

// Slow are the faults that cost a client all of its patience.
func Slow() []Fault { return []Fault{Hang, Late, Stall} }

// outage is how long an Outage lasts: longer than a client's first pauses.
const outage = 200 * time.Millisecond

// in gives the fault as it is for an operation.
func (f Fault) in(operation string) Fault {
	transaction := operation == transactWrite
	switch {
	case f == TransactionThrottled && !transaction, f == TransactionInProgress && !transaction:
		return Throttling
	case f == Conflict && operation == query:
		return None
	}
	return f
}
