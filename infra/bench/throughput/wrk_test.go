package throughput_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/throughput"
)

// told returns the script's report of three seconds, with a part replaced.
func told(was, is string) string {
	return strings.Replace(`{"requests":1613,"microseconds":3003671,"p50":27561,"p99":57650,"sent":1630,"supply":18000,`+
		`"refused":0,"connect":0,"read":0,"write":0,"timeout":0}`+"\n", was, is, 1)
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	got, err := throughput.ParseOutcome([]byte(told("", "")))
	if err != nil {
		t.Fatal(err)
	}
	want := throughput.Outcome{Requests: 1613, Microseconds: 3003671, P50: 27561, P99: 57650, Sent: 1630, Supply: 18000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOutcomesThatMeasureNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ told, want string }{
		"refusals":           {told(`"refused":0`, `"refused":2`), "2 refused"},
		"no connection":      {told(`"connect":0`, `"connect":3`), "3 failed"},
		"a read that fails":  {told(`"read":0`, `"read":4`), "4 read errors"},
		"a write that fails": {told(`"write":0`, `"write":5`), "5 write errors"},
		"a request too long": {told(`"timeout":0`, `"timeout":6`), "6 time-outs"},
		"no requests left":   {told(`"sent":1630`, `"sent":18001`), "all 18000 prepared creates"},
		"no answers":         {told(`"requests":1613`, `"requests":0`), "no request"},
		"no time":            {told(`"microseconds":3003671`, `"microseconds":0`), "no request"},
		"nothing":            {"", "wrk printed"},
		"a complaint before": {"wrk: \n" + told("", ""), "wrk printed"},
		"something after":    {told("", "") + "more", "more than one"},
		"an unknown number":  {told(`"sent"`, `"Sent2"`), "wrk printed"},
		"not a number":       {told(`1613`, `nan`), "wrk printed"},
	} {
		if _, err := throughput.ParseOutcome([]byte(c.told)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
