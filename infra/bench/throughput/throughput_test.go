package throughput_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/infra/bench/result"
	"pats/infra/bench/throughput"
	"pats/infra/testkit/crowd"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
	"pats/pkg/boltstore"
	"pats/pkg/laptop/laptoptest"
)

func newLoad(t *testing.T, blocks int) *throughput.Load {
	t.Helper()
	load, err := throughput.NewLoad(t.TempDir(), blocks)
	must.Do(t, err)
	return load
}

// serve serves the template's stack to the users of a load.
func serve(t *testing.T, load *throughput.Load) *laptoptest.Server {
	t.Helper()
	store, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	must.Do(t, err)
	t.Cleanup(func() { _ = store.Close() })
	must.Do(t, crowd.Import(t.Context(), store, 1_000_000, slices.Values(load.Accounts()), 1))
	return laptoptest.Serve(t, store, laptoptest.Options{})
}

// TestLoads sends more creates than one block of users can make, in loads that continue where the last one ended, and checks that the
// store has a token for each response.
func TestLoads(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	load := newLoad(t, 20)
	server := serve(t, load)
	load = load.At(server.URL)
	for _, what := range []string{throughput.List1, throughput.List10} {
		must.Do(t, load.Check(t.Context(), what))
		got, err := load.Run(t.Context(), what, 16, 16)
		if err != nil || got.Requests < 16 || got.P99 < got.P50 || got.P50 <= 0 {
			t.Errorf("%s: got %+v, %v; want some responses with latencies", what, got, err)
		}
	}
	responses, sent := 0, 0
	for i, connections := 0, []int{1, 16, 64}; i < len(connections) || responses <= throughput.Block; i++ {
		got, err := load.Run(t.Context(), throughput.Create, connections[min(i, len(connections)-1)], 1)
		must.Do(t, err)
		responses, sent = responses+got.Requests, sent+got.Sent
	}
	created := 0
	for _, before := range load.Accounts() {
		after, err := server.Service.UserTokens(t.Context(), before.ID)
		must.Do(t, err)
		created += len(after) - len(before.Tokens)
	}
	if created < responses || created > sent {
		t.Errorf("%d tokens were created, want at least the %d responses and at most the %d requests", created, responses, sent)
	}
}

func TestIntrospections(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	load := newLoad(t, 0)
	got, err := load.At(serve(t, load).URL).Introspect(t.Context(), 16)
	if err != nil || got.Requests < 16 {
		t.Errorf("got %+v, %v; want some responses", got, err)
	}
	stranger := newLoad(t, 0)
	if _, err := stranger.At(serve(t, load).URL).Introspect(t.Context(), 1); err == nil {
		t.Error("got no error for an introspection by an unknown token, want one")
	}
}

// TestRefusedRequestsAreNotMeasured loads with unknown tokens, with repeated creates and with too few creates.
func TestRefusedRequestsAreNotMeasured(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	known, fast := newLoad(t, 1), httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(fast.Close)
	server, scarce := serve(t, known), newLoad(t, 1).At(fast.URL)
	first := known.At(server.URL)
	for range 64 { // wrk does not send the first one, and a busy machine responds to a load only after the first few are sent
		must.Do(t, first.Check(t.Context(), throughput.Create))
	}
	scarce.Leave(2)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct {
		load       *throughput.Load
		what, want string
	}{
		"lists with an unknown token": {newLoad(t, 1).At(server.URL), throughput.List1, "were refused"},
		"creates again":               {known.At(server.URL), throughput.Create, "were refused"},
		"too few creates":             {scarce, throughput.Create, "prepared creates were used"},
		"no creates":                  {newLoad(t, 0).At(fast.URL), throughput.Create, "creates prepared for"},
		"no server":                   {newLoad(t, 0).At(gone.URL), throughput.List1, "unable to connect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := c.load.Run(t.Context(), c.what, 16, 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// TestCheckRefuses checks that wrong responses are found that wrk accepts.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"an empty list": {http.StatusOK, `{"pats":[]}`},
		"no JSON":       {http.StatusOK, "hello"},
		"another 2xx":   {http.StatusAccepted, `{"pats":[{}]}`},
	} {
		odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = fmt.Fprint(w, c.body)
		}))
		if err := newLoad(t, 0).At(odd.URL).Check(t.Context(), throughput.List1); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
		odd.Close()
	}
}

func TestParseOutcomeRefuses(t *testing.T) {
	t.Parallel()
	const report = `{"requests":1613,"microseconds":3003671,"p50":27561,"p99":57650,"sent":1630,"supply":18000,"refused":0,"failed":0}`
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing wrong":      {"", "", ""},
		"a refusal":          {`"refused":0`, `"refused":2`, "2 were refused"},
		"a failure":          {`"failed":0`, `"failed":3`, "3 failed"},
		"no creates left":    {`"sent":1630`, `"sent":18001`, "all 18000 prepared creates"},
		"no responses":       {`"requests":1613`, `"requests":0`, "no request"},
		"a complaint before": {"{", "wrk: {", "wrk printed"},
		"not a number":       {"1613", "nan", "wrk printed"},
	} {
		_, err := throughput.ParseOutcome([]byte(strings.Replace(report, c.old, c.new, 1)))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	var run result.Run
	for _, rate := range []int{3000, 3200, 2800} {
		ours := throughput.Outcome{Requests: 2 * rate, Microseconds: 2e6, P50: 1500, P99: 2500}
		theirs := throughput.Outcome{Requests: rate / 5, Microseconds: 2e6, P50: 15000, P99: 50000}
		throughput.AddList1(&run, throughput.Pats, ours, time.Duration(ours.Requests)*500*time.Microsecond)
		throughput.AddList1(&run, throughput.Unleash, theirs, time.Duration(theirs.Requests)*5*time.Millisecond)
	}
	must.Do(t, throughput.Compare(&run))
	got := map[string][2]float64{}
	for _, q := range run.Quantities[:4] {
		ratio, _ := run.FindRatio(q.Key, throughput.Unleash, "")
		got[q.What+", "+q.Unit] = [2]float64{q.Median, ratio.Median}
	}
	want := map[string][2]float64{
		"GET list of 1, requests/s": {3000, 10}, "latency p50 of GET list of 1, ms": {1.5, 0.1},
		"latency p99 of GET list of 1, ms": {2.5, 0.05}, "CPU time per request of GET list of 1, µs": {500, 0.1},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Errorf("medians and ratios (-want +got):\n%s", diff)
	}
}
