package cost_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pats/pkg/cost"
)

// bill returns the bill of a design.
func bill(t *testing.T, load cost.Load, design string) cost.Bill {
	t.Helper()
	for _, b := range cost.Bills(load) {
		if b.Design == design {
			return b
		}
	}
	t.Fatalf("no bill has the design %q", design)
	return cost.Bill{}
}

func line(t *testing.T, b cost.Bill, service string) cost.Line {
	t.Helper()
	for _, l := range b.Lines {
		if l.Service == service {
			return l
		}
	}
	t.Fatalf("%s has no line %q", b.Design, service)
	return cost.Line{}
}

func wantClose(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6*max(1, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestIdleCostsNothing(t *testing.T) {
	t.Parallel()
	wantClose(t, "pats", bill(t, cost.Load{}, "pats").Total(), 0)
	if got := bill(t, cost.Load{}, "Unleash, always on").Total(); got < 10 {
		t.Errorf("an always-on service costs %v dollars while idle, want at least 10", got)
	}
}

// TestIdleTable checks that without requests only storage costs anything.
func TestIdleTable(t *testing.T) {
	t.Parallel()
	b := bill(t, cost.Load{Tokens: 5e6}, "pats")
	wantClose(t, "storage and recovery", line(t, b, "DynamoDB, storage").Dollars+line(t, b, "DynamoDB, point-in-time recovery").Dollars, b.Total())
	if b.Total() == 0 {
		t.Error("a million users cost nothing")
	}
	wantClose(t, "idle", bill(t, cost.Load{Tokens: 5e6}, "pats, idle").Total(), b.Total())
}

// TestTiers checks that the price of an API call falls above 333 million per month, and again above a billion.
func TestTiers(t *testing.T) {
	t.Parallel()
	for requests, want := range map[float64]float64{
		1e6: 3.50, 333e6: 1165.50, 1e9: 1165.50 + 667*2.80, 2e9: 1165.50 + 667*2.80 + 1000*2.38, 21e9: 1165.50 + 667*2.80 + 19000*2.38 + 1000*1.51,
	} {
		got := line(t, bill(t, cost.Load{Requests: requests, Tokens: 1}, "pats"), "API Gateway").Dollars
		wantClose(t, "REST API", got, want)
	}
}

// TestEachRequestIsChecked checks that an uncached request is two invocations and two reads, as the store's tests count them.
func TestEachRequestIsChecked(t *testing.T) {
	t.Parallel()
	b := bill(t, cost.Load{Requests: 1e6, Tokens: 10}, "pats")
	wantClose(t, "invocations", line(t, b, "Lambda, invocations").Quantity, 2e6)
	wantClose(t, "reads", line(t, b, "DynamoDB, reads").Quantity, 2e6)
}

// TestCacheAndInterval uses a token once per second with responses cached for 59 s. It is checked once per minute, at the first request
// after the cached response has expired, and recorded once in six minutes, at the first check after SeenInterval.
func TestCacheAndInterval(t *testing.T) {
	t.Parallel()
	const month = 730 * 3600
	b := bill(t, cost.Load{Requests: month, Tokens: 1, TTL: 59 * time.Second, SeenInterval: 5 * time.Minute}, "pats")
	wantClose(t, "invocations", line(t, b, "Lambda, invocations").Quantity, month+month/60)
	wantClose(t, "recorded uses", line(t, b, "DynamoDB, recorded uses").Quantity, month/360)
}

func TestMoreCostsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		load := cost.Load{
			Requests: rapid.Float64Range(0, 1e11).Draw(t, "requests"),
			Tokens:   rapid.Float64Range(1, 1e7).Draw(t, "tokens"),
			Writes:   rapid.Float64Range(0, 1).Draw(t, "writes"),
			TTL:      time.Duration(rapid.IntRange(0, 3600).Draw(t, "ttl")) * time.Second,

			SeenInterval: time.Duration(rapid.IntRange(0, 86400).Draw(t, "seen interval")) * time.Second,
		}
		more, longer, rarer := load, load, load
		more.Requests *= 2
		longer.TTL += time.Minute
		rarer.SeenInterval += time.Minute
		bills, doubled, kept, recorded := cost.Bills(load), cost.Bills(more), cost.Bills(longer), cost.Bills(rarer)
		for i := range bills {
			if doubled[i].Total() < bills[i].Total() {
				t.Errorf("%s: twice the requests cost %v, once %v", bills[i].Design, doubled[i].Total(), bills[i].Total())
			}
			if kept[i].Total() > bills[i].Total()*(1+1e-9) {
				t.Errorf("%s: with a longer TTL it costs %v, before %v", bills[i].Design, kept[i].Total(), bills[i].Total())
			}
			if recorded[i].Total() > bills[i].Total()*(1+1e-9) {
				t.Errorf("%s: with a longer SeenInterval it costs %v, before %v", bills[i].Design, recorded[i].Total(), bills[i].Total())
			}
		}
	})
}
