package report

import (
	"pats/infra/bench/result"
)

// goal is a figure to reach.
type goal struct {
	what string
	// limit is how much it may be at most, or has to be at least.
	limit   float64
	atLeast bool
	unit    string
	// of finds the figure in a run.
	of func(*result.Run) (result.Summary, bool)
}

// At the share of the processor that a function of so much memory has.
const share = "128 MB"

var goals = []goal{
	{"authorizer, exec to first answer, beside a hello-world Go Lambda", 4, false, times, start("exec to first answer", "hello")},
	{"the same, beside the SDK's plain way", 1.0 / 6, false, times, start("exec to first answer", "SDK's plain way")},
	{"the first invocation alone, beside the SDK's plain way", 1.0 / 15, false, times, start("first invocation", "SDK's plain way")},
	{"exec to first answer, beside Node 20", 1.0 / 15, false, times, start("exec to first answer", "Node 20")},
	{"zip of the authorizer", 3.5, false, "MB", zip("authorizer")},
	{"zip of the token routes", 3.5, false, "MB", zip("tokens")},
	{"zip of the user routes", 3.5, false, "MB", zip("users")},
	{"authorizer, store that answers at once", 15, false, "µs", quantity("warm path", "time", "", "Authorizer/ten tokens")},
	{"authorizer, store that answers at once", 60, false, "allocations", quantity("warm path", "allocations", "", "Authorizer/ten tokens")},
	{"GET of one token, 16 connections, beside Unleash 8.2.0", 15, true, times, beside("throughput", "GET list of 1", "16 connections")},
	{"GET of ten tokens, 16 connections, beside Unleash 8.2.0", 15, true, times, beside("throughput", "GET list of 10", "16 connections")},
	{"memory at rest, beside Unleash's Node.js alone", 1.0 / 8, false, times, beside("throughput", "memory at rest", "RSS")},
	{"reads of an authenticated GET, authorizer cached, 10² users", 1, false, "units", units("authenticated GET, authorizer cached", "10² users")},
	{"reads of an authenticated GET, authorizer cached, 10⁵ users", 1, false, "units", units("authenticated GET, authorizer cached", "10⁵ users")},
	{"reads of an authenticated GET, authorizer not cached, 10² users", 2, false, "units", units("authenticated GET, authorizer not cached", "10² users")},
	{"reads of an authenticated GET, authorizer not cached, 10⁵ users", 2, false, "units", units("authenticated GET, authorizer not cached", "10⁵ users")},
	{"boltstore, authenticate at 10⁶ users beside 10²", 2, false, times, growth("authenticate", "10⁶ users", "10² users")},
}

// times stands as the unit of a ratio.
const times = "×"

func start(what, against string) func(*result.Run) (result.Summary, bool) {
	return ratio(result.Key{Part: "start-up", What: what, Under: share, Subject: "authorizer"}, against, "")
}

func zip(function string) func(*result.Run) (result.Summary, bool) {
	return quantity("start-up", "zip", "", function)
}

func beside(part, what, under string) func(*result.Run) (result.Summary, bool) {
	return ratio(result.Key{Part: part, What: what, Under: under, Subject: "pats"}, "Unleash 8.2.0", "")
}

func units(what, under string) func(*result.Run) (result.Summary, bool) {
	return quantity("scale", what, under, "DynamoDB, reads")
}

func growth(what, under, against string) func(*result.Run) (result.Summary, bool) {
	key := result.Key{Part: "scale", What: what, Under: under, Subject: "boltstore"}
	return ratio(key, key.Subject, against)
}

func quantity(part, what, under, subject string) func(*result.Run) (result.Summary, bool) {
	return func(run *result.Run) (result.Summary, bool) {
		found, ok := run.Quantity(result.Key{Part: part, What: what, Under: under, Subject: subject})
		return found.Summary, ok
	}
}

func ratio(key result.Key, against, againstUnder string) func(*result.Run) (result.Summary, bool) {
	return func(run *result.Run) (result.Summary, bool) {
		found, ok := run.Ratio(key, against, againstUnder)
		return found.Summary, ok
	}
}

// reached says whether the median is within the limit.
func (g goal) reached(got result.Summary) bool {
	if g.atLeast {
		return got.Median >= g.limit
	}
	return got.Median <= g.limit
}

// Goals are the goals and what run has of them, as rows under a head. A goal that was not measured says so.
func Goals(run *result.Run) [][]string {
	rows := [][]string{{"what", "goal", "measured", "quartiles", "runs", ""}}
	for _, g := range goals {
		got, ok := g.of(run)
		if !ok {
			rows = append(rows, []string{g.what, g.bound(), "not measured", "", "", ""})
			continue
		}
		verdict := "reached"
		if !g.reached(got) {
			verdict = "**not reached**"
		}
		rows = append(rows, []string{
			g.what, g.bound(), value(got.Median, g.unit), spread(got, g.unit), count(got.Runs), verdict,
		})
	}
	return rows
}

func (g goal) bound() string {
	sign := "≤ "
	if g.atLeast {
		sign = "≥ "
	}
	return sign + value(g.limit, g.unit)
}
