// Package faults is a proxy in front of DynamoDB that makes single requests fail as a network, or DynamoDB, can fail. It
// recognizes requests by their operation, which a proxy of TCP connections such as Toxiproxy cannot: it can fail a write and let
// the reads through, return DynamoDB's own errors, and drop the response of a write that took effect.
package faults

import "time"

// Fault is what happens to one request.
type Fault string

// None forwards the request.
const None Fault = ""

// Errors of DynamoDB: the request did not take effect.
const (
	// Throughput is a ProvisionedThroughputExceededException.
	Throughput Fault = "throughput"
	// Throttling is a ThrottlingException.
	Throttling Fault = "throttling"
	// RequestLimit is a RequestLimitExceeded.
	RequestLimit Fault = "request limit"
	// TransactionThrottled is a TransactionCanceledException with the reason ThrottlingError. For other operations it is
	// Throttling.
	TransactionThrottled Fault = "transaction throttled"
	// TransactionInProgress is a TransactionInProgressException. For other operations it is Throttling.
	TransactionInProgress Fault = "transaction in progress"
	// Conflict is a TransactionCanceledException with the reason TransactionConflict, or a TransactionConflictException for a
	// single write. Reads have no conflicts and are forwarded.
	Conflict Fault = "conflict"
	// InternalError is an InternalServerError with status 500.
	InternalError Fault = "internal error"
	// Unavailable is an InternalServerError with status 503.
	Unavailable Fault = "unavailable"
	// BadGateway is a 502 that is not JSON.
	BadGateway Fault = "bad gateway"
)

// Failures of the network: the request did not reach DynamoDB, or is late.
const (
	// Reset ends the connection with a TCP reset.
	Reset Fault = "reset"
	// Outage ends the connection with a TCP reset, and all other connections for a moment.
	Outage Fault = "outage"
	// Hang sends no response.
	Hang Fault = "hang"
	// Delay holds the request for an eighth of the client's timeout.
	Delay Fault = "delay"
	// Late holds the request until after the client's timeout, and then forwards it.
	Late Fault = "late"
)

// Damaged responses: the request took effect.
const (
	// Lost ends the connection with a TCP reset instead of sending the response.
	Lost Fault = "lost"
	// Stall never sends the response.
	Stall Fault = "stall"
	// Truncate ends the connection in the middle of the body.
	Truncate Fault = "truncate"
	// Cut sends half of the body, with the length of that half.
	Cut Fault = "cut"
	// Empty sends no body.
	Empty Fault = "empty"
	// Garbage sends a body that is not JSON, without a checksum.
	Garbage Fault = "garbage"
	// Corrupt sends other values in the body, which does not match its checksum.
	Corrupt Fault = "corrupt"
)

// Quick returns the faults that a client notices at once.
func Quick() []Fault {
	return []Fault{
		Throughput, Throttling, RequestLimit, TransactionThrottled, TransactionInProgress, Conflict, InternalError, Unavailable, BadGateway,
		Reset, Outage, Delay, Lost, Truncate, Cut, Empty, Garbage, Corrupt,
	}
}

// Slow returns the faults that a client notices at its timeout.
func Slow() []Fault { return []Fault{Hang, Late, Stall} }

// outage is how long an Outage lasts: longer than a client's first pauses.
const outage = 200 * time.Millisecond

// forOperation returns what the fault is for an operation.
func (f Fault) forOperation(operation string) Fault {
	transaction := operation == transactWrite
	switch {
	case f == TransactionThrottled && !transaction, f == TransactionInProgress && !transaction:
		return Throttling
	case f == Conflict && operation == query:
		return None
	}
	return f
}
