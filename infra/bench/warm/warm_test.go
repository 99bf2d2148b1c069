package warm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/infra/bench/result"
	"pats/infra/bench/warm"
	"pats/infra/testkit/must"
)

func TestCollectsWhatGoTestPrints(t *testing.T) {
	t.Parallel()
	var run result.Run
	must.Do(t, errors.Join(
		warm.Collect(&run, strings.NewReader("pkg: pats/pkg/authz\nBenchmarkAuthorizer-2\t100\t 9000 ns/op\t 2048 B/op\t 55 allocs/op\nPASS\n")),
		warm.Collect(&run, strings.NewReader("BenchmarkAuthorizer-2\t1\t 11000 ns/op\nBenchmarkList/ten_tokens\t1\t 1000 ns/op\nok\n")),
	))
	got := map[string]float64{}
	for _, q := range run.Quantities {
		got[q.Subject+", "+q.What+", "+q.Unit] = q.Median
	}
	want := map[string]float64{
		"Authorizer, time, µs": 10, "Authorizer, allocations, allocations": 55, "Authorizer, memory, KiB": 2, "List/ten tokens, time, µs": 1,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("medians (-want +got):\n%s", diff)
	}
}

func TestCollectRefusesMalformedLines(t *testing.T) {
	t.Parallel()
	if err := warm.Collect(new(result.Run), strings.NewReader("BenchmarkAuthorizer-2\t100\tquick ns/op\n")); err == nil {
		t.Error("got no error for a time that is not a number, want one")
	}
}
