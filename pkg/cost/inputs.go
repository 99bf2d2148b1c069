package cost

import (
	"fmt"
	"time"
)

// What is neither a price nor counted by a test. To set one, change it here and renew docs/cost.md with
// `go test -run TestCostDocument ./cmd/pats -update`.
const (
	// authorizerTime and handlerTime are what a warm invocation is billed for, the call of DynamoDB included: "warm invocation,
	// billed" in docs/benchmarks.md, at the share of a processor that 128 MB get. There one follows right on another, which leaves
	// no share unused, so most invocations take less.
	authorizerTime = 27 * time.Millisecond
	handlerTime    = 30 * time.Millisecond
	// initTime is what a cold start is billed for on top: a custom runtime's initialisation counts like the invocation.
	// It is "exec to ready" in docs/benchmarks.md, and as much again for what Lambda does itself, which is not measured there.
	initTime = 45 * time.Millisecond
	// coldShare is how many invocations begin with a cold start; AWS says that it is usually under one in a hundred:
	// https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
	coldShare = 0.01
	// containerRate is how many requests a second one container of Unleash with half a vCPU is trusted with: a list takes about
	// 3 ms of a processor ("CPU time a request" in docs/benchmarks.md), its database included, so half a vCPU is full at 167.
	containerRate = 100
	// peak is how much more than the average there are at the busiest time, which is what containers are counted for.
	peak = 4
	// tokensAUser is how many tokens share an account.
	tokensAUser = 5
	// gatewayHeaders is what API Gateway puts before an answer: status line, date, ids, length; TLS not counted.
	gatewayHeaders = 350
	// requestBytes is a request with its headers, which only a load balancer charges for.
	requestBytes = 500
)

// memory is what the template gives each function, in GB.
const memory = 128.0 / 1024

// billed is the time of so long an invocation with its part of the cold starts, in GB-seconds.
func billed(warm time.Duration) float64 {
	return (warm.Seconds() + coldShare*initTime.Seconds()) * memory
}

// Input is an assumption as people read it.
type Input struct{ Of, Value, From string }

// Inputs are what the designs are reckoned with beside prices and counted units.
func Inputs() []Input {
	const assumed, bench = "assumed", "measured here on x86, [benchmarks](benchmarks.md), rounded up; not on AWS"
	return []Input{
		{"time of a warm invocation, authorizer", fmt.Sprintf("%v at 128 MB on arm64", authorizerTime), bench},
		{"time of a warm invocation, other functions", fmt.Sprintf("%v at 128 MB on arm64", handlerTime), bench},
		{"time of an initialisation", fmt.Sprintf("%v", initTime), bench},
		{"cold starts", fmt.Sprintf("%g in 100 invocations", coldShare*100), "AWS: usually fewer"},
		{"line of the access log", fmt.Sprintf("%d bytes", accessLine), "counted from the template's format"},
		{"an account in the table", fmt.Sprintf("%d bytes", accountBytes), fmt.Sprintf("counted: %d tokens with descriptions of 30 characters", tokensAUser)},
		{"headers that API Gateway adds to an answer", fmt.Sprintf("%d bytes", gatewayHeaders), assumed},
		{"Unleash, one container", fmt.Sprintf("%d requests a second", containerRate), bench},
		{"Unleash, busiest time", fmt.Sprintf("%d times the average", peak), assumed},
	}
}
