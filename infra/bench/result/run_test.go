package result_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/result"
)

func TestSummarise(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		samples []float64
		want    result.Summary
	}{
		"one":  {[]float64{7}, result.Summary{Runs: 1, Median: 7, Low: 7, High: 7}},
		"five": {[]float64{5, 1, 4, 2, 300}, result.Summary{Runs: 5, Median: 4, Low: 5.0 / 3, High: 311.0 / 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := result.Summarise(test.samples)
			if got.Median != test.want.Median || got.Runs != test.want.Runs || got.Low > got.Median || got.High < got.Median {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestRatiosAreOfRunsSideBySide(t *testing.T) {
	t.Parallel()
	var run result.Run
	key := func(subject, under string) result.Key {
		return result.Key{Part: "p", What: "w", Under: under, Subject: subject}
	}
	run.Add(key("ours", "a"), "ms", 2, 20, 200)
	run.Add(key("theirs", "a"), "ms", 1, 10, 100)
	run.Add(key("ours", "b"), "ms", 4, 10, 400)
	if err := run.Compare(key("ours", "a"), "theirs"); err != nil {
		t.Fatal(err)
	}
	if err := run.CompareUnder(key("ours", "b"), "a"); err != nil {
		t.Fatal(err)
	}
	same, _ := run.Ratio(key("ours", "a"), "theirs", "")
	if diff := cmp.Diff(result.Summary{Runs: 3, Median: 2, Low: 2, High: 2}, same.Summary); diff != "" {
		t.Errorf("the ratio to another subject (-want +got):\n%s", diff)
	}
	other, _ := run.Ratio(key("ours", "b"), "ours", "a")
	if other.Median != 2 || other.Low >= 2 {
		t.Errorf("the ratio to another condition: got %+v, want the median 2 and a spread", other.Summary)
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	var run result.Run
	key := result.Key{Part: "p", What: "w", Subject: "ours"}
	run.Add(key, "ms", 1, 2)
	theirs := key
	theirs.Subject = "theirs"
	run.Add(theirs, "ms", 1)
	for name, against := range map[string]string{"fewer runs": "theirs", "not measured": "absent"} {
		if err := run.Compare(key, against); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

func TestSamplesAddUp(t *testing.T) {
	t.Parallel()
	var run result.Run
	key := result.Key{Part: "p", What: "w", Subject: "ours"}
	for _, sample := range []float64{1, 2, 30} {
		run.Add(key, "ms", sample)
	}
	if len(run.Quantities) != 1 || run.Quantities[0].Runs != 3 || run.Quantities[0].Median != 2 {
		t.Errorf("got %+v, want one quantity of 3 runs with the median 2", run.Quantities)
	}
}
