// Package result holds the results of a benchmark run: quantities with their spread, and ratios of quantities measured side by side.
package result

import (
	"fmt"
	"slices"
	"time"
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

// Parts returns the parts that were measured, in order.
func (r *Run) Parts() []string {
	var parts []string
	for _, q := range r.Quantities {
		if !slices.Contains(parts, q.Part) {
			parts = append(parts, q.Part)
		}
	}
	return parts
}

// Add appends samples of a quantity, in the order of the runs. A count that is the same each time has one sample.
func (r *Run) Add(key Key, unit string, samples ...float64) {
	if r.samples == nil {
		r.samples = map[Key][]float64{}
	}
	all := append(r.samples[key], samples...)
	r.samples[key] = all
	quantity := Quantity{Key: key, Unit: unit, Summary: Summarise(all)}
	if i := r.index(key); i >= 0 {
		r.Quantities[i] = quantity
	} else {
		r.Quantities = append(r.Quantities, quantity)
	}
}

func (r *Run) index(key Key) int {
	return slices.IndexFunc(r.Quantities, func(q Quantity) bool { return q.Key == key })
}

// Compare adds the ratio of a quantity to that of the subject against, under the same condition. It returns an error unless both have
// the same number of samples, at least one.
func (r *Run) Compare(key Key, against string) error {
	divisor := key
	divisor.Subject = against
	return r.compare(key, divisor)
}

// CompareUnder adds the ratio of a quantity to that of the same subject under another condition. Errors: those of Compare.
func (r *Run) CompareUnder(key Key, under string) error {
	divisor := key
	divisor.Under = under
	return r.compare(key, divisor)
}

func (r *Run) compare(key, divisor Key) error {
	ours, theirs := r.samples[key], r.samples[divisor]
	if len(ours) == 0 || len(ours) != len(theirs) {
		return fmt.Errorf("%v has %d samples and %v %d: they cannot be compared", key, len(ours), divisor, len(theirs))
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	ratio := Ratio{Key: key, Against: divisor.Subject, Summary: Summarise(ratios)}
	if divisor.Under != key.Under {
		ratio.AgainstUnder = divisor.Under
	}
	r.Ratios = append(r.Ratios, ratio)
	return nil
}

// Quantity returns the quantity with key, if there is one.
func (r *Run) Quantity(key Key) (Quantity, bool) {
	i := r.index(key)
	if i < 0 {
		return Quantity{}, false
	}
	return r.Quantities[i], true
}

// Ratio returns the ratio of a quantity to that of against, under the condition againstUnder unless that is empty.
func (r *Run) Ratio(key Key, against, againstUnder string) (Ratio, bool) {
	i := slices.IndexFunc(r.Ratios, func(q Ratio) bool {
		return q.Key == key && q.Against == against && q.AgainstUnder == againstUnder
	})
	if i < 0 {
		return Ratio{}, false
	}
	return r.Ratios[i], true
}
