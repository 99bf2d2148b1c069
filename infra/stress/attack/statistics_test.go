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
// once in 1.7 million times, so with five crops and four comparisons once in 90,000 runs.
const threshold = 5

var crops = []float64{0.5, 0.8, 0.95, 0.99, 1}

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

// synthetic returns times distributed as on a machine: none below a minimum, most near it, and a long tail.
func synthetic(random *mathrand.Rand, n int) []float64 {
	times := make([]float64, n)
	for i := range times {
		times[i] = math.Round(300+40*math.Exp(random.NormFloat64())) + 10_000*math.Floor(random.Float64()+0.002)
	}
	return times
}

// TestEqualTimesAreNotDistinguished makes 500 comparisons of synthetic times, of which none must find a difference.
func TestEqualTimesAreNotDistinguished(t *testing.T) {
	t.Parallel()
	random := mathrand.New(mathrand.NewPCG(1, 0))
	for range 500 {
		if got := compare(synthetic(random, 300), synthetic(random, 300)); got.distinguishable() {
			t.Fatalf("got %+v, want no difference", got)
		}
	}
}
