package chart_test

import (
	"encoding/xml"
	"strconv"
	"strings"
	"testing"

	"pats/infra/bench/chart"
)

var starts = chart.Chart{
	Title:      "Cold start, ms",
	Categories: []string{"least", "most"},
	Series:     []chart.Series{{Name: "init", Values: []float64{3, 70}}, {Name: "invocation", Values: []float64{1, 500}}},
	Format:     func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) },
}

func TestCharts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		draw func() ([]byte, error)
		want []string
	}{
		"bars beside one another": {func() ([]byte, error) { return chart.Bars(starts, false) }, []string{"least", "most", "3", "70", "1", "500"}},
		"stacked bars":            {func() ([]byte, error) { return chart.Bars(starts, true) }, []string{"least: 4", "most: 570"}},
		"lines":                   {func() ([]byte, error) { return chart.Lines(starts) }, []string{"least", "most", "3", "70", "1", "500"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svg, err := test.draw()
			if err != nil {
				t.Fatal(err)
			}
			texts := textsOf(t, svg)
			for _, want := range append(test.want, "Cold start, ms", "init", "invocation") {
				if !texts[want] {
					t.Errorf("the chart does not contain %q; its texts are %v", want, texts)
				}
			}
		})
	}
}

// textsOf returns the texts in an SVG.
func textsOf(t *testing.T, svg []byte) map[string]bool {
	t.Helper()
	var image struct {
		Texts []string `xml:"text"`
	}
	if err := xml.Unmarshal(svg, &image); err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{}
	for _, text := range image.Texts {
		texts[strings.TrimSpace(text)] = true
	}
	return texts
}

// TestDrawingKeepsTheData checks that the values are reordered in a copy.
func TestDrawingKeepsTheData(t *testing.T) {
	t.Parallel()
	values := []float64{3, 70}
	c := starts
	c.Series = []chart.Series{{Name: "init", Values: values}}
	if _, err := chart.Bars(c, false); err != nil {
		t.Fatal(err)
	}
	if values[0] != 3 {
		t.Errorf("the values after drawing: got %v, want [3 70]", values)
	}
}
