// Package result holds the results of a benchmark run: quantities with their spread, and ratios of quantities measured side by side.
package result

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aclements/go-moremath/stats"
)

// Key identifies a quantity.
type Key struct {
	// Part is a part of the benchmarks, such as "start-up".
	Part string `json:"part"`
	// What is the quantity, such as "first invocation".
	What string `json:"what"`
	// Under is the condition, such as "128 MB". It is empty if there is only one.
	Under string `json:"under,omitempty"`
	// Subject is the thing that was measured, such as "authorizer".
	Subject string `json:"subject"`
}

// Quantity is a measured quantity, as the median of its runs with the quartiles.
type Quantity struct {
	Key
	Unit string `json:"unit"`
	Summary
}

// Ratio is a quantity divided by the same quantity of another subject or condition. Each run is divided by the run made next to it.
type Ratio struct {
	Key
	// Against is the subject of the divisor, and AgainstUnder its condition if that differs.
	Against      string `json:"against"`
	AgainstUnder string `json:"againstUnder,omitempty"`
	Summary
}

// Summary summarises the samples of several runs. With one run, all three values are equal.
type Summary struct {
	Runs   int     `json:"runs"`
	Median float64 `json:"median"`
	// Low and High are the quartiles: half of the runs lie between them.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

func summarise(samples []float64) Summary {
	sample := stats.Sample{Xs: samples}
	return Summary{len(samples), sample.Quantile(0.5), sample.Quantile(0.25), sample.Quantile(0.75)}
}

// Modified follows a commit if files differed from it.
const Modified = "+"

// Run holds the results of one run.
type Run struct {
	Date time.Time `json:"date"`
	// Commit is the one that was measured, with Modified if files differed from it.
	Commit     string     `json:"commit"`
	Machine    Machine    `json:"machine"`
	Seconds    float64    `json:"seconds"`
	Quantities []Quantity `json:"quantities"`
	Ratios     []Ratio    `json:"ratios"`
	// Skipped names the parts that did not run, each with the reason.
	Skipped []string `json:"skipped,omitempty"`

	samples map[Key][]float64
}

// Add appends samples of a quantity, in the order of the runs. A count that is the same each time has one sample.
func (r *Run) Add(key Key, unit string, samples ...float64) {
	if r.samples == nil {
		r.samples = map[Key][]float64{}
	}
	all := append(r.samples[key], samples...)
	r.samples[key] = all
	quantity := Quantity{Key: key, Unit: unit, Summary: summarise(all)}
	if i := slices.IndexFunc(r.Quantities, func(q Quantity) bool { return q.Key == key }); i >= 0 {
		r.Quantities[i] = quantity
	} else {
		r.Quantities = append(r.Quantities, quantity)
	}
}

// Compare adds the ratio of a quantity to that of the subject against, under the condition againstUnder, or under the same one if that
// is empty. It returns an error unless both have the same number of samples, at least one.
func (r *Run) Compare(key Key, against, againstUnder string) error {
	divisor := Key{key.Part, key.What, cmp.Or(againstUnder, key.Under), against}
	ours, theirs := r.samples[key], r.samples[divisor]
	if len(ours) == 0 || len(ours) != len(theirs) {
		return fmt.Errorf("%v has %d samples and %v %d: they cannot be compared", key, len(ours), divisor, len(theirs))
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	r.Ratios = append(r.Ratios, Ratio{key, against, againstUnder, summarise(ratios)})
	return nil
}

// Find returns the summary of a quantity, if it was measured.
func (r *Run) Find(key Key) (Summary, bool) {
	for _, q := range r.Quantities {
		if q.Key == key {
			return q.Summary, true
		}
	}
	return Summary{}, false
}

// FindRatio returns what Compare added with the same arguments, if it did.
func (r *Run) FindRatio(key Key, against, againstUnder string) (Summary, bool) {
	for _, q := range r.Ratios {
		if q.Key == key && q.Against == against && q.AgainstUnder == againstUnder {
			return q.Summary, true
		}
	}
	return Summary{}, false
}
