package throughput_test

import (
	"testing"

	"pats/infra/bench/result"
	"pats/infra/bench/throughput"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	var run result.Run
	notes := throughput.NewNotes(&run)
	for _, rate := range []int{3000, 3200, 2800} {
		notes.Outcome(throughput.Pats, throughput.Outcome{Requests: 2 * rate, Microseconds: 2e6, P50: 1500, P99: 2500})
		notes.Outcome(throughput.Unleash, throughput.Outcome{Requests: rate / 5, Microseconds: 2e6, P50: 15000, P99: 50000})
	}
	if err := notes.Compare(); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]struct {
		value, ratio float64
		unit         string
	}{
		throughput.List1:                              {3000, 10, "requests/s"},
		"latency p50 of " + throughput.List1:          {1.5, 0.1, "ms"},
		"latency p99 of " + throughput.List1:          {2.5, 0.05, "ms"},
		"CPU time per request of " + throughput.List1: {500, 0.1, "µs"},
	} {
		key := result.Key{Part: throughput.Part, What: what, Under: "16 connections", Subject: throughput.Pats}
		got, _ := run.Quantity(key)
		if got.Unit != want.unit || got.Median != want.value || got.Runs != 3 {
			t.Errorf("%s: got %+v, want %v %s of 3 runs", what, got, want.value, want.unit)
		}
		ratio, _ := run.Ratio(key, throughput.Unleash, "")
		if diff := ratio.Median - want.ratio; diff > 1e-9 || diff < -1e-9 {
			t.Errorf("%s: got the ratio %+v, want %v", what, ratio, want.ratio)
		}
	}
}
