package figures_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/figures"
)

const log = `=== RUN   TestKills
    kill_test.go:44: FIGURE crash: kills=20 lost=0
    power_test.go:65: FIGURE power: cuts=7
    FIGURE Crash: kills=9
--- PASS: TestKills (1.20s)
FIGURE crash: kills=3 lost=1 half_done=2
`

func TestParse(t *testing.T) {
	t.Parallel()
	want := []figures.Line{
		{Subject: "crash", Counts: []figures.Count{{Name: "kills", N: 20}, {Name: "lost", N: 0}}},
		{Subject: "power", Counts: []figures.Count{{Name: "cuts", N: 7}}},
		{Subject: "crash", Counts: []figures.Count{{Name: "kills", N: 3}, {Name: "lost", N: 1}, {Name: "half_done", N: 2}}},
	}
	if diff := cmp.Diff(want, figures.Parse(log)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSum(t *testing.T) {
	t.Parallel()
	want := []string{"FIGURE crash: kills=23 lost=1 half_done=2", "FIGURE power: cuts=7"}
	var got []string
	for _, line := range figures.Sum(figures.Parse(log)) {
		got = append(got, line.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
