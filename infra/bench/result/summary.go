package result

import "github.com/aclements/go-moremath/stats"

// Summary summarises the samples of several runs. With one run, all three values are equal.
type Summary struct {
	Runs   int     `json:"runs"`
	Median float64 `json:"median"`
	// Low and High are the quartiles: half of the runs lie between them.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Summarise summarises at least one sample.
func Summarise(samples []float64) Summary {
	sample := stats.Sample{Xs: samples}
	return Summary{
		Runs:   len(samples),
		Median: sample.Quantile(0.5),
		Low:    sample.Quantile(0.25),
		High:   sample.Quantile(0.75),
	}
}
