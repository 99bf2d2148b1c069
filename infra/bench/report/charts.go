// Package report presents the results of a benchmark run as text, as tables in documents and as charts, and compares them with goals.
package report

import (
	"pats/infra/bench/chart"
	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/bench/startup"
	"pats/infra/bench/throughput"
)

// picture is a chart of a run. It omits whatever was not measured.
type picture struct {
	name, title        string
	series, categories []string
	// key returns the key of the quantity of a series in a category.
	key  func(series, category string) result.Key
	draw func(chart.Chart) ([]byte, error)
}

var (
	starters    = []string{startup.Hello, startup.Authorizer, startup.Plain, startup.Node}
	connections = []string{throughput.Under(1), throughput.Under(16), throughput.Under(64)}
	servers     = []string{throughput.Pats, throughput.Unleash}
	sizes       = []string{scale.Size(1e2), scale.Size(1e4), scale.Size(1e5)}
)

var pictures = []picture{
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
		categories: sizes[:2], key: size(scale.Reads), draw: chart.Lines,
	},
	{
		name: "boltstore", title: "One operation of the embedded store, µs",
		series: []string{"authenticate", "list"}, categories: sizes, key: size(scale.Boltstore), draw: chart.Lines,
	},
}

func stacked(c chart.Chart) ([]byte, error) { return chart.Bars(c, true) }
func grouped(c chart.Chart) ([]byte, error) { return chart.Bars(c, false) }

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

// Charts returns SVG images by name. It omits a chart if nothing in it was measured.
func Charts(run *result.Run) (map[string][]byte, error) {
	images := map[string][]byte{}
	for _, p := range pictures {
		c := p.chart(run)
		if len(c.Categories) == 0 {
			continue
		}
		image, err := p.draw(c)
		if err != nil {
			return nil, err
		}
		images[p.name] = image
	}
	return images, nil
}

// chart returns the chart with the categories that all series have.
func (p picture) chart(run *result.Run) chart.Chart {
	c := chart.Chart{Title: p.title, Format: number}
	for _, name := range p.series {
		c.Series = append(c.Series, chart.Series{Name: name})
	}
	for _, category := range p.categories {
		values, ok := p.values(run, category)
		if !ok {
			continue
		}
		c.Categories = append(c.Categories, category)
		for i, value := range values {
			c.Series[i].Values = append(c.Series[i].Values, value)
		}
	}
	return c
}

func (p picture) values(run *result.Run, category string) ([]float64, bool) {
	var values []float64
	for _, name := range p.series {
		q, ok := run.Quantity(p.key(name, category))
		if !ok {
			return nil, false
		}
		values = append(values, q.Median)
	}
	return values, true
}
