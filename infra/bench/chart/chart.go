// Package chart draws the figures of the benchmarks as SVG.
package chart

import (
	"slices"

	"github.com/go-analyze/charts"
)

// Chart is a chart's data. The unit belongs in the title.
type Chart struct {
	Title string
	// Categories label the values of each series, in order.
	Categories []string
	Series     []Series
	// Format formats a value.
	Format func(float64) string
}

// Series has one value per category, drawn in one colour.
type Series struct {
	Name   string
	Values []float64
}

// Sizes in pixels.
const (
	width      = 860
	lineHeight = 340
	// barHeight includes a bar's share of the gaps; frame is the height of everything else.
	barHeight = 26
	gap       = 18
	frame     = 96
)

// Bars draws horizontal bars, with the first category on top: the bars of a category one below the other, each with its value, or
// stacked, with their sum.
func Bars(c Chart, stacked bool) ([]byte, error) {
	option := charts.NewBarChartOptionWithData(c.fromBelow())
	option.Horizontal = true
	option.StackSeries = &stacked
	option.ValueFormatter = c.Format
	option.Title, option.Legend = c.title(), c.legend()
	option.CategoryAxis.Labels = reversed(c.Categories)
	option.CategoryAxis.LabelOffset = charts.OffsetInt{Left: -8}
	option.ValueAxis[0].Show = new(false)
	bars := len(c.Categories)
	if stacked {
		option.CategoryAxis.Labels = reversed(c.withSums())
	} else {
		bars *= len(c.Series)
		c.label(option.SeriesList)
	}
	painter := newPainter(frame + bars*barHeight + len(c.Categories)*gap)
	if err := painter.BarChart(option); err != nil {
		return nil, err
	}
	return painter.Bytes()
}

func (c Chart) label(bars charts.BarSeriesList) {
	for i := range bars {
		bars[i].Label.Show = new(true)
		bars[i].Label.ValueFormatter = c.Format
	}
}

// Lines draws one line per series over the categories, on an axis that starts at zero.
func Lines(c Chart) ([]byte, error) {
	option := charts.NewLineChartOptionWithData(c.values())
	option.ValueFormatter = c.Format
	option.Title, option.Legend = c.title(), c.legend()
	option.XAxis.Labels = c.Categories
	option.YAxis[0].Min = new(0.0)
	for i := range option.SeriesList {
		option.SeriesList[i].Label.Show = new(true)
		option.SeriesList[i].Label.ValueFormatter = c.Format
	}
	painter := newPainter(lineHeight)
	if err := painter.LineChart(option); err != nil {
		return nil, err
	}
	return painter.Bytes()
}

func newPainter(height int) *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width, Height: height})
}

// values returns the values of each series.
func (c Chart) values() [][]float64 {
	var values [][]float64
	for _, series := range c.Series {
		values = append(values, series.Values)
	}
	return values
}

// fromBelow returns the values in the library's order of horizontal bars, from the bottom up.
func (c Chart) fromBelow() [][]float64 {
	values := c.values()
	for i := range values {
		values[i] = reversed(values[i])
	}
	return values
}

// withSums returns the categories, each followed by the sum of its values.
func (c Chart) withSums() []string {
	var labels []string
	for i, category := range c.Categories {
		sum := 0.0
		for _, series := range c.Series {
			sum += series.Values[i]
		}
		labels = append(labels, category+": "+c.Format(sum))
	}
	return labels
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func (c Chart) title() charts.TitleOption { return charts.TitleOption{Text: c.Title} }

func (c Chart) legend() charts.LegendOption {
	legend := charts.LegendOption{Offset: charts.OffsetStr{Left: charts.PositionLeft, Top: "34"}}
	for _, series := range c.Series {
		legend.SeriesNames = append(legend.SeriesNames, series.Name)
	}
	return legend
}
