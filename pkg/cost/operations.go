package cost

import (
	"cmp"
	"time"
)

// work is what one run of a function uses.
type work struct {
	// runs is 1, or 0 if no function runs.
	runs float64
	// reads and writes are capacity units of DynamoDB.
	reads, writes float64
	// logged is the size in bytes of what the function logs.
	logged float64
}

// operation is a request and what it uses, for users with tokensAUser tokens whose descriptions have 30 characters. TestOperations
// counts it on the real functions.
type operation struct {
	name string
	// free reports that API Gateway does not charge for the request, as for every one that authorization refuses:
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-pricing.html (withdrawn since, and confirmed at
	// https://repost.aws/questions/QUY2x146iORPmsJHpff8u0eA).
	free bool
	// check is the authorizer's work if its response is not cached; act is that of the function behind it.
	check, act work
	// time is the billed time of the function if it is not handlerTime.
	time time.Duration
	// response is the size in bytes of the body and the function's headers.
	response float64
}

var (
	// checked is the check of a valid token, which reads its account. recordedUse comes on top.
	checked = work{runs: 1, reads: 1}
	// denied is the check of an invalid token, which logs the reason.
	denied = work{runs: 1, logged: 110}
)

var (
	list   = operation{name: "list tokens", check: checked, act: work{runs: 1, reads: 1}, response: 1100}
	create = operation{name: "create a token", check: checked, act: work{runs: 1, reads: 1, writes: 2, logged: 150}, response: 320}
	revoke = operation{name: "revoke a token", check: checked, act: work{runs: 1, reads: 1, writes: 1, logged: 150}, response: 60}
)

// operations are all kinds of requests.
var operations = []operation{
	list, create, revoke,
	{name: "an unknown path", check: checked, act: work{runs: 1, reads: 1, logged: 240}, response: 340},
	{name: "the OpenAPI document", act: work{runs: 1}, response: 173700},
	// The static requests of a first view of the page. Within an hour, another view takes neither.
	{name: "the page's document", act: work{runs: 1}, response: 6700},
	{name: "the page's script", act: work{runs: 1}, response: 24000},
	// The requests of a session have no authorizer: the function reads the cookie, and then the user.
	{name: "begin a session", act: work{runs: 1, reads: 3, logged: 150}, response: 670},
	{name: "show a session", act: work{runs: 1, reads: 1}, response: 700},
	{name: "list tokens in a session", act: work{runs: 1, reads: 1}, response: 1300},
	{name: "create a token in a session", act: work{runs: 1, reads: 1, writes: 2, logged: 150}, response: 600},
	{name: "no token, or malformed", free: true, response: 400},
	{name: "a made-up token", free: true, check: denied, response: 180},
	{name: "a revoked token", free: true, check: work{runs: 1, reads: 1, logged: denied.logged}, response: 180},
	{name: "show the caller", check: checked, act: work{runs: 1, reads: 1}, response: 320},
	{name: "create a user", check: checked, act: work{runs: 1, reads: 1, writes: 11, logged: 150}, response: 290},
	{name: "read a user", check: checked, act: work{runs: 1, reads: 2}, response: 290},
	{name: "list 100 users", check: checked, act: work{runs: 1, reads: 5}, response: 16000},
	{name: "update a user's name", check: checked, act: work{runs: 1, reads: 2, writes: 4, logged: 150}, response: 250},
	// The OAuth routes and the reports have no authorizer, so API Gateway charges for refusals too.
	{name: "introspect a token", act: work{runs: 1, reads: 2}, response: 220},
	{name: "introspect a made-up token", act: work{runs: 1, reads: 1}, response: 110},
	{name: "introspect as a made-up caller", act: work{runs: 1, logged: 300}, response: 210},
	{name: "revoke a token that you hold", act: work{runs: 1, reads: 1, writes: 1, logged: 190}, response: 60},
	{name: "a report of a leaked token", act: work{runs: 1, reads: 1, writes: 1, logged: 500}, response: 60},
	{name: "a report of an unknown token", act: work{runs: 1, reads: 1, logged: 200}, response: 60},
	{name: "delete a user", check: checked, act: work{runs: 1, reads: 2, writes: 10, logged: 150}, response: 60},
	{name: "list 100 users' tokens", check: checked, act: work{runs: 1, reads: 106}, time: tokenPageTime, response: 165000},
	{name: "list 10 service accounts with their tokens", check: checked, act: work{runs: 1, reads: 12}, response: 11000},
	{name: "create a token of a service account", check: checked, act: work{runs: 1, reads: 3, writes: 2, logged: 190}, response: 360},
	{name: "revoke a user's token", check: checked, act: work{runs: 1, reads: 2, writes: 1, logged: 160}, response: 120},
}

const (
	// recordedUse is what the authorizer writes in addition, at most once per pat.SeenInterval and token.
	recordedUse = 1
	// accessLine is the size of an access log line. CloudWatch adds 26 bytes per line.
	accessLine = 370 + lineBytes
	lineBytes  = 26
	// accountBytes is the size of a user in the table, including the 100 bytes that DynamoDB adds for each of five items.
	accountBytes = 1900
)

// uses is the use of the services that are paid per use.
type uses struct {
	requests, invocations, gbSeconds, reads, writes, logged, sent float64
}

// uses returns the use of one such request if share of the requests find no cached authorizer response.
func (o operation) uses(share float64) uses {
	u := uses{
		requests:    1,
		invocations: o.act.runs + share*o.check.runs,
		gbSeconds:   o.act.runs*billed(cmp.Or(o.time, handlerTime)) + share*o.check.runs*billed(authorizerTime),
		reads:       o.act.reads + share*o.check.reads,
		writes:      o.act.writes + share*o.check.writes,
		logged:      accessLine + logLine(o.act.logged) + share*logLine(o.check.logged),
		sent:        o.response + gatewayHeaders,
	}
	if o.free {
		u.requests = 0
	}
	return u
}

// logLine returns what CloudWatch counts for a line of the given size, or 0 if it is empty.
func logLine(bytes float64) float64 {
	if bytes == 0 {
		return 0
	}
	return bytes + lineBytes
}

// times returns u, n times over.
func (u uses) times(n float64) uses {
	return uses{u.requests * n, u.invocations * n, u.gbSeconds * n, u.reads * n, u.writes * n, u.logged * n, u.sent * n}
}

// plus returns the sum of u and v.
func (u uses) plus(v uses) uses {
	return uses{
		u.requests + v.requests, u.invocations + v.invocations, u.gbSeconds + v.gbSeconds, u.reads + v.reads, u.writes + v.writes,
		u.logged + v.logged, u.sent + v.sent,
	}
}
