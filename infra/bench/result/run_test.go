package result_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/result"
)

func key(subject, under string) result.Key {
	return result.Key{Part: "p", What: "w", Under: under, Subject: subject}
}

func TestRatiosAreOfRunsSideBySide(t *testing.T) {
	t.Parallel()
	var run result.Run
	for _, sample := range []float64{2, 20, 200} {
		run.Add(key("ours", "a"), "ms", sample)
	}
	run.Add(key("theirs", "a"), "ms", 1, 10, 100)
	run.Add(key("ours", "b"), "ms", 4, 10, 400)
	if err := run.Compare(key("ours", "a"), "theirs", ""); err != nil {
		t.Fatal(err)
	}
	if err := run.Compare(key("ours", "b"), "ours", "a"); err != nil {
		t.Fatal(err)
	}
	ours, _ := run.Find(key("ours", "a"))
	if ours.Runs != 3 || ours.Median != 20 {
		t.Errorf("the quantity: got %+v, want 3 runs with the median 20", ours)
	}
	same, _ := run.FindRatio(key("ours", "a"), "theirs", "")
	if diff := cmp.Diff(result.Summary{Runs: 3, Median: 2, Low: 2, High: 2}, same); diff != "" {
		t.Errorf("the ratio to another subject (-want +got):\n%s", diff)
	}
	other, _ := run.FindRatio(key("ours", "b"), "ours", "a")
	if other.Median != 2 || other.Low >= 2 {
		t.Errorf("the ratio to another condition: got %+v, want the median 2 and a spread", other)
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	var run result.Run
	run.Add(key("ours", ""), "ms", 1, 2)
	run.Add(key("theirs", ""), "ms", 1)
	for name, against := range map[string]string{"fewer runs": "theirs", "not measured": "absent"} {
		if err := run.Compare(key("ours", ""), against, ""); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}
