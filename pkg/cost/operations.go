package cost

// work is what one run of a function takes.
type work struct {
	// runs is 1, or 0 where no function runs.
	runs float64
	// reads and writes are units of DynamoDB.
	reads, writes float64
	// logged is what the function writes to its log, in bytes.
	logged float64
}

// operation is a request and what it takes, for users with tokensAUser tokens whose descriptions have 30 characters.
// TestOperations counts it on the real functions.
type operation struct {
	name string
	// free says that API Gateway does not charge for the request, as for every one that authorization refuses:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-pricing.html (withdrawn since, and confirmed at
	// https://repost.aws/questions/QUY2x146iORPmsJHpff8u0eA).
	free bool
	// check is the authorizer's, where API Gateway has no answer of its cached; act is that of the function behind it.
	check, act work
	// answer is the body and the function's own headers, in bytes.
	answer float64
}

var (
	// checked is a valid token's check, which reads its account. Recording the use comes on top; see recordedUse.
	checked = work{runs: 1, reads: 1}
	// denied is the check of a token that is not valid: it logs why.
	denied = work{runs: 1, logged: 110}
)

var (
	list   = operation{name: "list tokens", check: checked, act: work{runs: 1, reads: 1}, answer: 1100}
	create = operation{name: "create a token", check: checked, act: work{runs: 1, reads: 1, writes: 2, logged: 150}, answer: 320}
	revoke = operation{name: "revoke a token", check: checked, act: work{runs: 1, reads: 1, writes: 1, logged: 150}, answer: 60}
)

// operations are all kinds of requests.
var operations = []operation{
	list, create, revoke,
	{name: "an unknown path", check: checked, act: work{runs: 1, reads: 1, logged: 240}, answer: 340},
	{name: "the OpenAPI document", act: work{runs: 1}, answer: 62500},
	{name: "no token, or not one by its form", free: true, answer: 400},
	{name: "a made-up token", free: true, check: denied, answer: 180},
	{name: "a revoked token", free: true, check: work{runs: 1, reads: 1, logged: denied.logged}, answer: 180},
	{name: "read oneself", check: checked, act: work{runs: 1, reads: 1}, answer: 320},
	{name: "create a user", check: checked, act: work{runs: 1, reads: 1, writes: 11, logged: 150}, answer: 290},
	{name: "read a user", check: checked, act: work{runs: 1, reads: 2}, answer: 290},
	{name: "list 100 users", check: checked, act: work{runs: 1, reads: 5}, answer: 16000},
	{name: "update a user's name", check: checked, act: work{runs: 1, reads: 2, writes: 4, logged: 150}, answer: 250},
	{name: "delete a user", check: checked, act: work{runs: 1, reads: 2, writes: 10, logged: 150}, answer: 60},
}

const (
	// recordedUse is what the authorizer writes on top, at most once in pat.SeenInterval for a token.
	recordedUse = 1
	// accessLine is a line of the access log; CloudWatch counts 26 bytes for each line.
	accessLine = 370 + lineBytes
	lineBytes  = 26
	// accountBytes is what a user takes in the table, with 100 bytes for each of five items, as DynamoDB counts.
	accountBytes = 1900
)

// uses is what is used of the services that are paid by use.
type uses struct {
	requests, invocations, gbSeconds, reads, writes, logged, sent float64
}

// uses is one such operation's, where share of the requests find no answer of the authorizer cached.
func (o operation) uses(share float64) uses {
	u := uses{
		requests:    1,
		invocations: o.act.runs + share*o.check.runs,
		gbSeconds:   o.act.runs*billed(handlerTime) + share*o.check.runs*billed(authorizerTime),
		reads:       o.act.reads + share*o.check.reads,
		writes:      o.act.writes + share*o.check.writes,
		logged:      accessLine + logLine(o.act.logged) + share*logLine(o.check.logged),
		sent:        o.answer + gatewayHeaders,
	}
	if o.free {
		u.requests = 0
	}
	return u
}

// logLine is what CloudWatch counts for a line of so many bytes, if there is one.
func logLine(bytes float64) float64 {
	if bytes == 0 {
		return 0
	}
	return bytes + lineBytes
}

// times is n times the uses.
func (u uses) times(n float64) uses {
	return uses{u.requests * n, u.invocations * n, u.gbSeconds * n, u.reads * n, u.writes * n, u.logged * n, u.sent * n}
}

// plus is both together.
func (u uses) plus(v uses) uses {
	return uses{
		u.requests + v.requests, u.invocations + v.invocations, u.gbSeconds + v.gbSeconds, u.reads + v.reads, u.writes + v.writes,
		u.logged + v.logged, u.sent + v.sent,
	}
}
