// Package chart draws the figures of the benchmarks as SVG.
package chart

import (
	"slices"

	"github.com/go-analyze/charts"
)

// Chart is what is drawn. The unit belongs into the title.
type Chart struct {
	Title string
	// Categories are what the values of each series stand for, in their order.
	Categories []string
	Series     []Series
	// Format writes a value.
	Format func(float64) string
}

// Series is a colour in a chart.
type Series struct {
	Name   string
	Values []float64
}

// In pixels.
const (
	width      = 860
	lineHeight = 340
	// barHeight is for one bar and its share of what is between bars, frame for all else.
	barHeight = 26
	gap       = 18
	frame     = 96
)

// Bars draws horizontal bars, the first category on top: those of a category below one another and each with its value, or stacked,
// and then the category has the sum.
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

// Lines draws a line for each series over the categories, from zero on.
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

// values are those of the series.
func (c Chart) values() [][]float64 {
	var values [][]float64
	for _, series := range c.Series {
		values = append(values, series.Values)
	}
	return values
}

// fromBelow are the values in the order in which the library draws horizontal bars.
func (c Chart) fromBelow() [][]float64 {
	values := c.values()
	for i := range values {
		values[i] = reversed(values[i])
	}
	return values
}

// withSums are the categories, each with the sum of its values.
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
