package startup

import (
	"slices"

	"pats/infra/bench/result"
)

// notes holds the starts of each subject at each speed, in the order of the rounds.
type notes map[[2]string][]sample

func (n notes) keep(subject, speed string, s sample) {
	key := [2]string{subject, speed}
	n[key] = append(n[key], s)
}

// quantities are the quantities of a start.
var quantities = []struct {
	what, unit string
	of         func(sample) float64
}{
	{Ready, "ms", func(s sample) float64 { return milliseconds(s.ready) }},
	{First, "ms", func(s sample) float64 { return milliseconds(s.first) }},
	{Response, "ms", func(s sample) float64 { return milliseconds(s.ready + s.first) }},
	{Warm, "ms", func(s sample) float64 { return milliseconds(median(s.warm)) }},
	{Billed, "ms", func(s sample) float64 { return billed(s.warm) }},
	{ReadyProcessor, "ms", func(s sample) float64 { return milliseconds(s.spent.ready) }},
	{FirstProcessor, "ms", func(s sample) float64 { return milliseconds(s.spent.first) }},
	{WarmProcessor, "ms", func(s sample) float64 { return milliseconds(s.spent.warm) / float64(len(s.warm)) }},
	{Memory, "MiB", func(s sample) float64 { return s.memory }},
}

// addTo adds the quantities of every subject, and compares the authorizer with the subjects that are not part of this service.
func (n notes) addTo(run *result.Run, b bench) error {
	for _, at := range b.speeds {
		for _, s := range b.subjects {
			n.addStarts(run, s.name, at.name)
		}
		for _, s := range b.subjects {
			if s.name == Authorizer || s.name == Tokens || len(n[[2]string{s.name, at.name}]) == 0 {
				continue
			}
			if err := compare(run, at.name, s.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n notes) addStarts(run *result.Run, subject, speed string) {
	starts := n[[2]string{subject, speed}]
	for _, q := range quantities {
		var samples []float64
		for _, s := range starts {
			samples = append(samples, q.of(s))
		}
		// A system reports zero for what it does not support.
		if len(samples) > 0 && !slices.Contains(samples, 0) {
			run.Add(result.Key{Part: Part, What: q.what, Under: speed, Subject: subject}, q.unit, samples...)
		}
	}
}

func compare(run *result.Run, speed, against string) error {
	for _, what := range []string{Ready, First, Response, Warm} {
		if err := run.Compare(result.Key{Part: Part, What: what, Under: speed, Subject: Authorizer}, against); err != nil {
			return err
		}
	}
	return nil
}
