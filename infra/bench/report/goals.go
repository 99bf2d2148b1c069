package report

import (
	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
	"pats/infra/bench/warm"
)

// goal is a bound for a figure.
type goal struct {
	what string
	// limit is a maximum, or a minimum if atLeast is set.
	limit   float64
	atLeast bool
	unit    string
	// of returns the figure in a run, if it was measured.
	of func(*result.Run) (result.Summary, bool)
}

// share is the condition with the CPU share of a function with that memory.
const share = "128 MB"

var goals = []goal{
	{"authorizer, exec to first response, compared with a hello-world Go Lambda", 4, false, times, start(startup.Response, startup.Hello)},
	{"the same, compared with plain SDK code", 1.0 / 6, false, times, start(startup.Response, startup.Plain)},
	{"the first invocation alone, compared with plain SDK code", 1.0 / 15, false, times, start(startup.First, startup.Plain)},
	{"exec to first response, compared with Node 20", 1.0 / 15, false, times, start(startup.Response, startup.Node)},
	{"zip of the authorizer", 3.5, false, "MB", zip(startup.Authorizer)},
	{"zip of the token routes", 3.5, false, "MB", zip(startup.Tokens)},
	{"zip of the user routes", 3.5, false, "MB", zip(startup.Users)},
	{"authorizer with an instant store", 15, false, "µs", quantity(warm.Part, warm.Time, "", "Authorizer/ten tokens")},
	{"authorizer with an instant store", 60, false, "allocations", quantity(warm.Part, warm.Allocations, "", "Authorizer/ten tokens")},
	{"GET of one token, 16 connections, compared with Unleash 8.2.0", 15, true, times, beside(throughput.List1, throughput.Under(16), throughput.Unleash)},
	{"GET of ten tokens, 16 connections, compared with Unleash 8.2.0", 15, true, times, beside(throughput.List10, throughput.Under(16), throughput.Unleash)},
	{"GET of one token, 16 connections, compared with a net/http server that writes the same bytes", 1.0 / 3, true, times, beside(throughput.List1, throughput.Under(16), throughput.NetHTTP)},
	{"memory at rest, compared with Unleash's Node.js process", 1.0 / 8, false, times, beside(throughput.MemoryAtRest, throughput.RSS, throughput.Unleash)},
	{"reads of an authenticated GET, authorizer cached, 10² users", 1, false, "units", units("authenticated GET, authorizer cached", scale.Size(1e2))},
	{"reads of an authenticated GET, authorizer cached, 10⁴ users", 1, false, "units", units("authenticated GET, authorizer cached", scale.Size(1e4))},
	{"reads of an authenticated GET, authorizer not cached, 10² users", 2, false, "units", units("authenticated GET, authorizer not cached", scale.Size(1e2))},
	{"reads of an authenticated GET, authorizer not cached, 10⁴ users", 2, false, "units", units("authenticated GET, authorizer not cached", scale.Size(1e4))},
	{"boltstore, authenticate at 10⁵ users compared with 10²", 2, false, times, growth("authenticate", scale.Size(1e5), scale.Size(1e2))},
}

// times is the unit of a ratio.
const times = "×"

func start(what, against string) func(*result.Run) (result.Summary, bool) {
	return ratio(result.Key{Part: startup.Part, What: what, Under: share, Subject: startup.Authorizer}, against, "")
}

func zip(function string) func(*result.Run) (result.Summary, bool) {
	return quantity(startup.Part, startup.Zip, "", function)
}

func beside(what, under, against string) func(*result.Run) (result.Summary, bool) {
	return ratio(result.Key{Part: throughput.Part, What: what, Under: under, Subject: throughput.Pats}, against, "")
}

func units(what, under string) func(*result.Run) (result.Summary, bool) {
	return quantity(scale.Part, what, under, scale.Reads)
}

func growth(what, under, against string) func(*result.Run) (result.Summary, bool) {
	key := result.Key{Part: scale.Part, What: what, Under: under, Subject: scale.Boltstore}
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
