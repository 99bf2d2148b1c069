package report

import (
	"slices"

	"github.com/go-analyze/charts"
)

// data are the values of each series in each category.
type data struct {
	title              string
	series, categories []string
	values             [][]float64
}

// grouped draws the bars of a category one below the other, each with its value.
func grouped(d data) (*charts.Painter, error) {
	option := d.bars()
	for i := range option.SeriesList {
		option.SeriesList[i].Label = charts.SeriesLabel{Show: new(true), ValueFormatter: number}
	}
	return drawBars(option, len(d.categories)*len(d.series))
}

// stacked draws the values of a category as one bar, labelled with their sum.
func stacked(d data) (*charts.Painter, error) {
	option := d.bars()
	option.StackSeries = new(true)
	for i := range option.CategoryAxis.Labels {
		sum := 0.0
		for _, series := range option.SeriesList {
			sum += series.Values[i]
		}
		option.CategoryAxis.Labels[i] += ": " + number(sum)
	}
	return drawBars(option, len(d.categories))
}

// bars returns horizontal bars with the first category on top. The library draws from the bottom up.
func (d data) bars() charts.BarChartOption {
	for _, values := range d.values {
		slices.Reverse(values)
	}
	slices.Reverse(d.categories)
	option := charts.NewBarChartOptionWithData(d.values)
	option.Horizontal, option.ValueFormatter = true, number
	option.Title.Text, option.Legend = d.title, d.legend()
	option.CategoryAxis.Labels, option.CategoryAxis.LabelOffset.Left = d.categories, -8
	option.ValueAxis[0].Show = new(false)
	return option
}

func drawBars(option charts.BarChartOption, bars int) (*charts.Painter, error) {
	const frame, bar, gap = 96, 26, 18 // in pixels
	painter := newPainter(frame + bars*bar + len(option.CategoryAxis.Labels)*gap)
	return painter, painter.BarChart(option)
}

// lines draws one line per series over the categories, on an axis that starts at zero.
func lines(d data) (*charts.Painter, error) {
	option := charts.NewLineChartOptionWithData(d.values)
	option.ValueFormatter = number
	option.Title.Text, option.Legend = d.title, d.legend()
	option.XAxis.Labels, option.YAxis[0].Min = d.categories, new(0.0)
	for i := range option.SeriesList {
		option.SeriesList[i].Label = charts.SeriesLabel{Show: new(true), ValueFormatter: number}
	}
	painter := newPainter(340)
	return painter, painter.LineChart(option)
}

func (d data) legend() charts.LegendOption {
	return charts.LegendOption{SeriesNames: d.series, Offset: charts.OffsetStr{Left: charts.PositionLeft, Top: "34"}}
}

func newPainter(height int) *charts.Painter {
	return charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 860, Height: height})
}
