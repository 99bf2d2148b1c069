// Package report presents the results of a benchmark run as text, as tables in documents and as charts, and compares them with goals.
package report

import (
	"github.com/go-analyze/charts"

	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
)

// chart shows quantities of a run. It omits whatever was not measured.
type chart struct {
	name, title        string
	series, categories []string
	// key returns the key of the quantity of a series in a category.
	key  func(series, category string) result.Key
	draw func(data) (*charts.Painter, error)
}

var (
	starters    = []string{startup.Hello, startup.Authorizer, startup.Plain, startup.Node}
	connections = []string{throughput.Under(1), throughput.Under(16), throughput.Under(64)}
	servers     = []string{throughput.Pats, throughput.Unleash}
	sizes       = []string{scale.Size(1e2), scale.Size(1e4)}
)

var all = []chart{
	{
		name: "start-up", title: "From exec to the first response, with the CPU share of a 128 MB function, ms",
		series: []string{startup.Ready, startup.First}, categories: starters,
		key: startUp, draw: stacked,
	},
	{
		name: "start-up-go", title: "The same without Node 20, ms",
		series: []string{startup.Ready, startup.First}, categories: starters[:3],
		key: startUp, draw: stacked,
	},
	{
		name: "throughput-list", title: "GET of a list of ten tokens, requests per second",
		series: servers, categories: connections, key: rate(throughput.List10), draw: grouped,
	},
	{
		name: "throughput-create", title: "Creates, requests per second",
		series: servers, categories: connections, key: rate(throughput.Create), draw: grouped,
	},
	{
		name: "units", title: "Read units of a request, DynamoDB",
		series:     []string{"authenticated GET, authorizer cached", "authenticated GET, authorizer not cached"},
		categories: sizes, key: size(scale.Reads), draw: lines,
	},
	{
		name: "boltstore", title: "One operation of the embedded store, µs",
		series: []string{"authenticate", "list"}, categories: sizes, key: size(scale.Boltstore), draw: lines,
	},
}

func startUp(series, category string) result.Key {
	return result.Key{Part: startup.Part, What: series, Under: share, Subject: category}
}

func rate(what string) func(series, category string) result.Key {
	return func(series, category string) result.Key {
		return result.Key{Part: throughput.Part, What: what, Under: category, Subject: series}
	}
}

func size(subject string) func(series, category string) result.Key {
	return func(series, category string) result.Key {
		return result.Key{Part: scale.Part, What: series, Under: category, Subject: subject}
	}
}

// Charts returns SVG images by the names of their files. It omits a chart if nothing in it was measured.
func Charts(run *result.Run) (map[string][]byte, error) {
	images := map[string][]byte{}
	for _, c := range all {
		d := c.data(run)
		if len(d.categories) == 0 {
			continue
		}
		painter, err := c.draw(d)
		if err != nil {
			return nil, err
		}
		image, err := painter.Bytes()
		if err != nil {
			return nil, err
		}
		images[c.name+".svg"] = image
	}
	return images, nil
}

// data returns the medians of the categories in which all series were measured.
func (c chart) data(run *result.Run) data {
	d := data{title: c.title, series: c.series, values: make([][]float64, len(c.series))}
	for _, category := range c.categories {
		var values []float64
		for _, series := range c.series {
			if found, ok := run.Find(c.key(series, category)); ok {
				values = append(values, found.Median)
			}
		}
		if len(values) < len(c.series) {
			continue
		}
		d.categories = append(d.categories, category)
		for i, value := range values {
			d.values[i] = append(d.values[i], value)
		}
	}
	return d
}
