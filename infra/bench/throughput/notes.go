package throughput

import (
	"fmt"
	"time"

	"pats/infra/bench/result"
)

// The names in result.Key.
const (
	Part = "throughput"

	// Pats is compared with the others.
	Pats    = "pats"
	Unleash = "Unleash 8.2.0"
	// NetHTTP writes the bytes of List1, and does nothing else.
	NetHTTP = "net/http"

	// Introspection is Pats too. Instead of requesting List1, an Admin introspects its token.
	Introspection = "pats, introspection"

	// List1 and List10 request the list of a user with 1 and with 10 tokens.
	List1  = "GET list of 1"
	List10 = "GET list of 10"
	Create = "create"

	MemoryAtRest    = "memory at rest"
	MemoryUnderLoad = "memory under load"
	// RSS is that of the server process only: for Unleash, of Node.js.
	RSS = "RSS"
	// PSS counts shared pages once.
	PSS = "PSS, with its database"
)

// Under returns the name of a number of connections.
func Under(connections int) string {
	if connections == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", connections)
}

// addOutcome adds the quantities of one load. cpu is the subject's CPU time.
func addOutcome(run *result.Run, t turn, o outcome, cpu time.Duration) {
	const microsecondsInMilli = 1000
	for _, q := range []struct {
		what, unit string
		value      float64
	}{
		{t.what, "requests/s", float64(o.Requests) / o.Microseconds * 1e6},
		{"latency p50 of " + t.what, "ms", o.P50 / microsecondsInMilli},
		{"latency p99 of " + t.what, "ms", o.P99 / microsecondsInMilli},
		{"CPU time per request of " + t.what, "µs", float64(cpu.Microseconds()) / float64(o.Requests)},
	} {
		run.Add(result.Key{Part: Part, What: q.what, Under: Under(t.connections), Subject: t.name}, q.unit, q.value)
	}
}

func addMemory(run *result.Run, what, subject string, m memory) {
	run.Add(result.Key{Part: Part, What: what, Under: RSS, Subject: subject}, "MiB", m.rss)
	run.Add(result.Key{Part: Part, What: what, Under: PSS, Subject: subject}, "MiB", m.pss)
}

// divisors are the subjects with which others are compared.
var divisors = map[string][]string{Pats: {Unleash, NetHTTP}, Introspection: {Pats}}

// compare compares every quantity with those of the subject's divisors that have it.
func compare(run *result.Run) error {
	for _, q := range run.Quantities {
		if q.Part != Part {
			continue
		}
		for _, against := range divisors[q.Subject] {
			divisor := q.Key
			divisor.Subject = against
			if _, measured := run.Find(divisor); !measured {
				continue
			}
			if err := run.Compare(q.Key, against, ""); err != nil {
				return err
			}
		}
	}
	return nil
}
