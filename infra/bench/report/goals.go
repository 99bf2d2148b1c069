package report

import (
	"strconv"

	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
	"pats/infra/bench/warm"
)

// goal is a bound for a quantity, or for its ratio to that of the subject against.
type goal struct {
	what string
	// limit is a maximum, or a minimum if atLeast is set.
	limit   float64
	atLeast bool
	unit    string
	key     result.Key
	// against and againstUnder are those of result.Ratio.
	against, againstUnder string
}

// share is the condition with the CPU share of a function with that memory.
const share = "128 MB"

// times is the unit of a ratio.
const times = "×"

var goals = []goal{
	{"authorizer, exec to first response, compared with a hello-world Go Lambda", 4, false, times, start(startup.Response), startup.Hello, ""},
	{"the same, compared with plain SDK code", 1.0 / 6, false, times, start(startup.Response), startup.Plain, ""},
	{"the first invocation alone, compared with plain SDK code", 1.0 / 15, false, times, start(startup.First), startup.Plain, ""},
	{"exec to first response, compared with Node 20", 1.0 / 15, false, times, start(startup.Response), startup.Node, ""},
	{"the shared authorizer, exec to first response, compared with the authorizer", 1.1, false, times, sharedStart, startup.Authorizer, ""},
	{"zip of the authorizer", 3.5, false, "MB", zip(startup.Authorizer), "", ""},
	{"zip of the shared authorizer", 3.5, false, "MB", zip(startup.SharedAuthorizer), "", ""},
	{"zip of the token routes", 3.5, false, "MB", zip(startup.Tokens), "", ""},
	{"zip of the user routes", 3.5, false, "MB", zip(startup.Users), "", ""},
	{"zip of the routes of all users' tokens", 3.5, false, "MB", zip(startup.AdminTokens), "", ""},
	{"authorizer with an instant store", 15, false, "µs", tenTokens(warm.Time), "", ""},
	{"authorizer with an instant store", 60, false, "allocations", tenTokens(warm.Allocations), "", ""},
	{"shared authorizer with an instant store, REST REQUEST event", 20, false, "µs", sharedWarm(warm.Time), "", ""},
	{"shared authorizer with an instant store, REST REQUEST event", 70, false, "allocations", sharedWarm(warm.Allocations), "", ""},
	{"GET of one token, 16 connections, compared with Unleash 8.2.0", 15, true, times, pats(throughput.List1, throughput.Under(16)), throughput.Unleash, ""},
	{"GET of ten tokens, 16 connections, compared with Unleash 8.2.0", 15, true, times, pats(throughput.List10, throughput.Under(16)), throughput.Unleash, ""},
	{"GET of one token, 16 connections, compared with a net/http server that writes the same bytes", 1.0 / 3, true, times, pats(throughput.List1, throughput.Under(16)), throughput.NetHTTP, ""},
	{"introspection, 16 connections, compared with GET of one token", 0.8, true, times, introspection, throughput.Pats, ""},
	{"memory at rest, compared with Unleash's Node.js process", 1.0 / 8, false, times, pats(throughput.MemoryAtRest, throughput.RSS), throughput.Unleash, ""},
	{"reads of an authenticated GET, authorizer cached, 10² users", 1, false, "units", atScale("authenticated GET, authorizer cached", 1e2, scale.Reads), "", ""},
	{"reads of an authenticated GET, authorizer cached, 10⁴ users", 1, false, "units", atScale("authenticated GET, authorizer cached", 1e4, scale.Reads), "", ""},
	{"reads of an authenticated GET, authorizer not cached, 10² users", 2, false, "units", atScale("authenticated GET, authorizer not cached", 1e2, scale.Reads), "", ""},
	{"reads of an authenticated GET, authorizer not cached, 10⁴ users", 2, false, "units", atScale("authenticated GET, authorizer not cached", 1e4, scale.Reads), "", ""},
	{"reads of a page of 100 users' tokens, 10² users", 110, false, "units", atScale("list 100 users' tokens", 1e2, scale.Reads), "", ""},
	{"reads of a page of 100 users' tokens, 10⁴ users", 110, false, "units", atScale("list 100 users' tokens", 1e4, scale.Reads), "", ""},
	{"boltstore, authenticate at 10⁴ users compared with 10²", 2, false, times, atScale("authenticate", 1e4, scale.Boltstore), scale.Boltstore, scale.Size(1e2)},
}

func start(what string) result.Key {
	return result.Key{Part: startup.Part, What: what, Under: share, Subject: startup.Authorizer}
}

var sharedStart = result.Key{Part: startup.Part, What: startup.Response, Under: share, Subject: startup.SharedAuthorizer}

// sharedWarm returns the key for the event that takes the longest, since it has the most headers.
func sharedWarm(what string) result.Key {
	return result.Key{Part: warm.Part, What: what, Subject: "SharedAuthorizer/REST REQUEST"}
}

func zip(function string) result.Key {
	return result.Key{Part: startup.Part, What: startup.Zip, Subject: function}
}

func tenTokens(what string) result.Key {
	return result.Key{Part: warm.Part, What: what, Subject: "Authorizer/ten tokens"}
}

func pats(what, under string) result.Key {
	return result.Key{Part: throughput.Part, What: what, Under: under, Subject: throughput.Pats}
}

var introspection = result.Key{
	Part: throughput.Part, What: throughput.List1, Under: throughput.Under(16), Subject: throughput.Introspection,
}

func atScale(what string, users int, subject string) result.Key {
	return result.Key{Part: scale.Part, What: what, Under: scale.Size(users), Subject: subject}
}

// find returns the figure in run, if it was measured.
func (g goal) find(run *result.Run) (result.Summary, bool) {
	if g.against == "" {
		return run.Find(g.key)
	}
	return run.FindRatio(g.key, g.against, g.againstUnder)
}

// reached reports whether the worse quartile is within the limit.
func (g goal) reached(got result.Summary) bool {
	if g.atLeast {
		return got.Low >= g.limit
	}
	return got.High <= g.limit
}

// Goals returns the goals and run's figures as rows below a header.
func Goals(run *result.Run) [][]string {
	rows := [][]string{{"what", "goal", "measured", "quartiles", "runs", ""}}
	for _, g := range goals {
		bound := "≤ " + value(g.limit, g.unit)
		if g.atLeast {
			bound = "≥ " + value(g.limit, g.unit)
		}
		row := []string{g.what, bound, "not measured", "", "", ""}
		if got, ok := g.find(run); ok {
			verdict := "**not reached**"
			if g.reached(got) {
				verdict = "reached"
			}
			row = []string{g.what, bound, value(got.Median, g.unit), spread(got, g.unit), strconv.Itoa(got.Runs), verdict}
		}
		rows = append(rows, row)
	}
	return rows
}
