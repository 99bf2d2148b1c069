package report

import (
	"math"
	"strconv"

	"github.com/dustin/go-humanize"

	"pats/infra/bench/result"
)

// number formats v with three significant digits, at most two of them after the point.
func number(v float64) string {
	switch size := math.Abs(v); {
	case v == math.Trunc(v) || size >= 100:
		return humanize.Comma(int64(math.Round(v)))
	case size >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// value formats v with its unit. A ratio below one becomes a fraction such as 1/3.
func value(v float64, unit string) string {
	switch {
	case unit == times && v > 0 && v < 1:
		return "1/" + number(1/v)
	case unit == times:
		return number(v) + " ×"
	default:
		return number(v) + " " + unit
	}
}

// spread formats the quartiles, or returns an empty string if there is no spread.
func spread(s result.Summary, unit string) string {
	if s.Runs < 2 || value(s.Low, unit) == value(s.High, unit) {
		return ""
	}
	if unit == times {
		return value(s.Low, unit) + " – " + value(s.High, unit)
	}
	return number(s.Low) + " – " + number(s.High)
}
