package cost

import "time"

// Assumptions that are neither prices nor counted by a test. After a change, update docs/cost.md with
// `go test -p 1 -run TestCostDocument ./pkg/cost ./cmd/pats -update`.
const (
	// authorizerTime and handlerTime are the billed time of a warm invocation, including the call to DynamoDB: "warm invocation,
	// billed" in docs/benchmarks.md, at the CPU share of 128 MB. There, invocations follow one another without a pause and use up
	// their share, so most invocations take less.
	authorizerTime = 27 * time.Millisecond
	handlerTime    = 30 * time.Millisecond
	// tokenPageTime is the billed time of a page of 100 users' tokens: 27 ms of CPU time for its 101 reads, measured on x86 without TLS, at
	// the CPU share of 128 MB, rounded up.
	tokenPageTime = 400 * time.Millisecond
	// initTime is the additional billed time of a cold start: the initialization of a custom runtime is billed like the invocation. It
	// is "exec to ready" in docs/benchmarks.md, doubled for Lambda's own part, which is not measured there.
	initTime = 45 * time.Millisecond
	// coldShare is the share of invocations with a cold start. AWS: usually under 1 %.
	// https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
	coldShare = 0.01
	// containerRate is the requests per second that one container of Unleash with half a vCPU is assumed to handle: a list takes about
	// 3 ms of CPU ("CPU time a request" in docs/benchmarks.md) including its database, so half a vCPU is saturated at 167.
	containerRate = 100
	// peak is the ratio of peak load to average load. Containers are counted for peak load.
	peak = 4
	// tokensAUser is the number of tokens per account.
	tokensAUser = 5
	// gatewayHeaders is the size in bytes of what API Gateway adds to a response: status line, date, ids, length. TLS is not counted.
	gatewayHeaders = 350
	// requestBytes is the size of a request with its headers. Only a load balancer charges for it.
	requestBytes = 500
)

// memory is the template's memory per function in GB.
const memory = 128.0 / 1024

// billed returns the GB-seconds of a warm invocation plus its share of the cold starts.
func billed(warm time.Duration) float64 {
	return (warm.Seconds() + coldShare*initTime.Seconds()) * memory
}
