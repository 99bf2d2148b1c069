package unleash_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// scenario is one or more requests in order.
type scenario struct {
	name  string
	steps []step
}

// step is a request, which can wait until the time {soon} has passed.
type step struct {
	request
	afterSoon bool
}

// single returns a scenario of one request.
func single(name string, r request) scenario { return sequence(name, r) }

func sequence(name string, requests ...request) scenario {
	s := scenario{name: name}
	for _, r := range requests {
		s.steps = append(s.steps, step{request: r})
	}
	return s
}

// TestUnleash sends every request to both services, one at a time. It fails on a difference that is not on the list, and on an entry of
// the list that no request shows.
func TestUnleash(t *testing.T) {
	t.Parallel()
	url, token := os.Getenv("UNLEASH_URL"), os.Getenv("UNLEASH_ADMIN_TOKEN")
	if url == "" || token == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with an Unleash.
		t.Skip("UNLEASH_URL and UNLEASH_ADMIN_TOKEN are not set: `make verify-unleash` starts an Unleash and sets them")
	}
	unleash, pats := newUnleash(t, strings.TrimSuffix(url, "/")), newPats(t)
	unleash.settle(token)
	pats.side.settle(pats.adminToken)
	soon := time.Now().UTC().Add(short).Truncate(time.Millisecond)
	unleash.endSoon(stamp(soon))
	pats.side.endSoon(stamp(soon))
	c := comparison{t: t, unleash: unleash, pats: pats.side, counts: newCounts()}
	waitUntil(t, soon)
	for _, s := range slices.Concat(singles, sequences, generated(seed(t))) {
		c.run(s)
	}
	c.counts.report(t)
}

const timeForm = "2006-01-02T15:04:05.000Z"

func stamp(at time.Time) string { return at.Format(timeForm) }

// waitUntil returns when the time has passed on every clock of this machine.
func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at) + 50*time.Millisecond):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

type comparison struct {
	t             *testing.T
	unleash, pats *side
	counts        *counts
}

// short is the lifetime of tokens whose expiry a scenario waits for.
const short = 3 * time.Second

func (c *comparison) run(s scenario) {
	c.t.Helper()
	soon := time.Now().UTC().Add(short).Truncate(time.Millisecond)
	past := stamp(soon.Add(-time.Hour))
	steps := fmt.Sprint(s.steps)
	for _, side := range []*side{c.unleash, c.pats} {
		side.needsTarget = strings.Contains(steps, "{target}") || strings.Contains(steps, "{targetTokenId}")
		side.passing["soon"], side.passing["past"] = stamp(soon), past
	}
	for i, step := range s.steps {
		if step.afterSoon {
			waitUntil(c.t, soon)
		}
		c.counts.add(c.t, c.exchange(s, i+1, step.request))
	}
	c.unleash.clean()
	c.pats.clean()
}

// exchange is a request with both responses.
type exchange struct {
	scenario      string
	step          int
	request       request
	unleash, pats normalized
}

func (c *comparison) exchange(s scenario, number int, r request) exchange {
	c.t.Helper()
	x := exchange{scenario: s.name, step: number, request: r}
	filled, got := c.unleash.do(r, number)
	x.unleash = c.unleash.read(r, filled, got)
	filled, got = c.pats.do(r, number)
	x.pats = c.pats.read(r, filled, got)
	return x
}

// change is a field that differs.
type change struct{ field, unleash, pats string }

func (x exchange) changes() []change {
	fields := map[string]bool{}
	for _, a := range []normalized{x.unleash, x.pats} {
		for field := range a.fields {
			fields[field] = true
		}
	}
	var found []change
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		c := change{field, cmp.Or(x.unleash.fields[field], absent), cmp.Or(x.pats.fields[field], absent)}
		if c.unleash != c.pats {
			found = append(found, c)
		}
	}
	return found
}

// counts has the number of requests by result.
type counts struct {
	requests, identical, listed, unexplained int
	// entries has the number of requests for each entry of the list.
	entries []int
}

func newCounts() *counts { return &counts{entries: make([]int, len(differences))} }

// shown is the maximum number of unexplained requests that are printed.
const shown = 40

func (n *counts) add(t *testing.T, x exchange) {
	t.Helper()
	n.requests++
	needed := map[int]bool{}
	var unexplained []string
	for _, c := range x.changes() {
		if i := slices.IndexFunc(differences, func(d difference) bool { return d.covers(x, c) }); i >= 0 {
			needed[i] = true
		} else {
			unexplained = append(unexplained, fmt.Sprintf("  %s: Unleash %s, pats %s", c.field, c.unleash, c.pats))
		}
	}
	for i := range needed {
		n.entries[i]++
	}
	switch {
	case len(unexplained) > 0:
		n.unexplained++
		if n.unexplained <= shown {
			t.Errorf("%s, step %d: %s\n  Unleash %s, pats %s\n%s", x.scenario, x.step, x.request, x.unleash.kind, x.pats.kind,
				strings.Join(unexplained, "\n"))
		}
	case len(needed) > 0:
		n.listed++
	default:
		n.identical++
	}
}

// report logs the table and the line of figures, and fails for entries that no request needs.
func (n *counts) report(t *testing.T) {
	t.Helper()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "requests\tsubject\tdifference")
	for i, d := range differences {
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\n", n.entries[i], d.subject, d.reason)
		if n.entries[i] == 0 {
			t.Errorf("the list's entry %s, %q: no response shows it", d.subject, d.reason)
		}
	}
	_ = table.Flush()
	t.Logf("differences from Unleash, by the list's entries:\n%s", text.String())
	t.Logf("%d requests to each, %d with identical responses, %d with differences on the list's %d entries, %d unexplained",
		n.requests, n.identical, n.listed, len(differences), n.unexplained)
}

// TestDifferencesAreDocumented checks that every entry of the list refers to a subject of the tables in docs/api.md.
func TestDifferencesAreDocumented(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n## Differences from Unleash 8.2.0\n")
	known := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.+?) \| `).FindAllStringSubmatch(section, -1) {
		known[strings.ReplaceAll(row[1], "`", "")] = true
	}
	for _, d := range differences {
		if !known[d.subject] {
			t.Errorf("difference %s, %q: got no such subject in docs/api.md, want one", d.subject, d.reason)
		}
	}
}
