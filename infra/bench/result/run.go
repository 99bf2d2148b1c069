// Package result holds what a run of the benchmarks measured: quantities with their spread, ratios of quantities that were measured
// side by side, and whether the goals are reached.
package result

import (
	"fmt"
	"slices"
	"time"
)

// Key says what a number is about.
type Key struct {
	// Part is the part of the benchmarks, such as "start-up".
	Part string `json:"part"`
	// What was measured, such as "first invocation".
	What string `json:"what"`
	// Under says under which conditions, such as "128 MB". Empty where there is one only.
	Under string `json:"under,omitempty"`
	// Subject is what it was measured of, such as "authorizer".
	Subject string `json:"subject"`
}

// Quantity is what was measured, as the median of so many runs and the quartiles around it.
type Quantity struct {
	Key
	Unit string `json:"unit"`
	Summary
}

// Ratio is a quantity divided by that of another subject, in the same part, of the same what. Each run of the one is compared with
// the run of the other that was made beside it.
type Ratio struct {
	Key
	// Against is the subject of the divisor, and AgainstUnder its conditions where they are not the same.
	Against      string `json:"against"`
	AgainstUnder string `json:"againstUnder,omitempty"`
	Summary
}

// Modified follows a commit if files differed from it.
const Modified = "+"

// Run is everything that one run measured.
type Run struct {
	Date time.Time `json:"date"`
	// Commit is the one that was measured, with Modified if files differed from it.
	Commit     string     `json:"commit"`
	Machine    Machine    `json:"machine"`
	Seconds    float64    `json:"seconds"`
	Quantities []Quantity `json:"quantities"`
	Ratios     []Ratio    `json:"ratios"`
	// LeftOut names the parts that did not run, each with the reason.
	LeftOut []string `json:"leftOut,omitempty"`

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

// Add keeps samples of a quantity, after those of it that have been added before, in the order of the runs. What was counted, and is
// the same each time, has one sample.
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

// Compare keeps the ratio of a quantity to that of against, under the same conditions. Both have been added, with as many samples.
// Errors: one that says which is not so.
func (r *Run) Compare(key Key, against string) error {
	divisor := key
	divisor.Subject = against
	return r.compare(key, divisor)
}

// CompareUnder keeps the ratio of a quantity to that of the same subject under other conditions. Errors: as for Compare.
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

// Quantity finds a quantity by its key.
func (r *Run) Quantity(key Key) (Quantity, bool) {
	i := r.index(key)
	if i < 0 {
		return Quantity{}, false
	}
	return r.Quantities[i], true
}

// Ratio finds the ratio of a quantity to that of against, under the conditions againstUnder where these are others.
func (r *Run) Ratio(key Key, against, againstUnder string) (Ratio, bool) {
	i := slices.IndexFunc(r.Ratios, func(q Ratio) bool {
		return q.Key == key && q.Against == against && q.AgainstUnder == againstUnder
	})
	if i < 0 {
		return Ratio{}, false
	}
	return r.Ratios[i], true
}
