package attack_test

import (
	"math"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	"github.com/aclements/go-moremath/stats"
)

// Two samples of times count as different if Welch's t is beyond threshold for any of the crops. Outliers, which the machine causes,
// are cropped as in dudect (https://eprint.iacr.org/2016/1123): at quantiles of both samples together, independently of the labels.
// As labels are drawn at random for each time, t is normal if there is no difference, whatever the load of the machine: beyond 5
// once in 1.7 million times, so with five crops and five comparisons once in 70,000 runs.
const threshold = 5

var crops = []float64{0.5, 0.8, 0.95, 0.99, 1}

// power99 is how far beyond the threshold t must be on average for 99 of 100 runs to find the difference: the 99 % quantile of the
// normal distribution.
const power99 = 2.326

// comparison is the result of comparing two samples of times.
type comparison struct {
	samples int
	// t is the largest t of all crops, and difference the difference of the means at that crop, in nanoseconds.
	t, crop, difference float64
}

func (c comparison) distinguishable() bool { return math.Abs(c.t) > threshold }

// compare compares times in nanoseconds.
func compare(first, second []float64) comparison {
	result := comparison{samples: len(first) + len(second)}
	both := slices.Sorted(slices.Values(slices.Concat(first, second)))
	for _, crop := range crops {
		limit := both[int(crop*float64(len(both)-1))]
		x, y := below(first, limit), below(second, limit)
		test, err := stats.TwoSampleWelchTTest(y, x, stats.LocationDiffers)
		if err != nil {
			continue // all times are the same
		}
		if math.Abs(test.T) > math.Abs(result.t) {
			result.t, result.crop, result.difference = test.T, crop, y.Mean()-x.Mean()
		}
	}
	return result
}

func below(times []float64, limit float64) stats.Sample {
	kept := make([]float64, 0, len(times))
	for _, x := range times {
		if x <= limit {
			kept = append(kept, x)
		}
	}
	return stats.Sample{Xs: kept}
}

// detectable returns the smallest difference, in nanoseconds, that 99 of 100 runs with such samples would find. It deals the times to
// two equal halves, and delays one of them until compare finds it by that margin.
func detectable(first, second []float64) float64 {
	both := slices.Sorted(slices.Values(slices.Concat(first, second)))
	var halves [2][]float64
	for i, x := range both {
		halves[i%2] = append(halves[i%2], x)
	}
	found := func(delay float64) bool {
		delayed := slices.Clone(halves[1])
		for i := range delayed {
			delayed[i] += delay
		}
		return math.Abs(compare(halves[0], delayed).t) >= threshold+power99
	}
	low, high := 0.001, both[len(both)-1]
	for high/low > 1.03 {
		if middle := math.Sqrt(low * high); found(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// synthetic returns times distributed as on a machine: none below a minimum, most near it, and a long tail.
func synthetic(random *mathrand.Rand, n int, delay float64) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = math.Round(300+delay+40*math.Exp(random.NormFloat64())) + 10_000*math.Floor(random.Float64()+0.002)
	}
	return times
}

// TestEqualTimesAreNotDistinguished makes 500 comparisons of synthetic times, of which none must find a difference.
func TestEqualTimesAreNotDistinguished(t *testing.T) {
	t.Parallel()
	random := mathrand.New(mathrand.NewPCG(1, 0))
	for range 500 {
		if got := compare(synthetic(random, 300, 0), synthetic(random, 300, 0)); got.distinguishable() {
			t.Fatalf("got %+v, want no difference", got)
		}
	}
}

// TestDetectableDelayIsFound, on synthetic times: the delay that detectable returns is found in 99 of 100 runs, within the
// uncertainty of 200 runs, and half of it is found less often, so that detectable does not return too large a number either.
func TestDetectableDelayIsFound(t *testing.T) {
	t.Parallel()
	const runs, n = 200, 500
	random := mathrand.New(mathrand.NewPCG(2, 0))
	delay := detectable(synthetic(random, 10*n, 0)[:n], synthetic(random, n, 0))
	found := func(delay float64) (times int) {
		for range runs {
			if compare(synthetic(random, n, 0), synthetic(random, n, delay)).distinguishable() {
				times++
			}
		}
		return times
	}
	if got := found(delay); got < runs*96/100 {
		t.Errorf("a delay of %.1f ns: got it found in %d of %d runs, want 99 of 100", delay, got, runs)
	}
	if got := found(delay / 2); got > runs/2 {
		t.Errorf("a delay of %.1f ns: got it found in %d of %d runs, want fewer than half", delay/2, got, runs)
	}
}
