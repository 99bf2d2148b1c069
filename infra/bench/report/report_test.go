package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/report"
	"pats/infra/bench/result"
	"pats/infra/testkit/must"
)

// TestDocumentsHaveTheRecordedFigures checks docs/benchmarks.md and the charts in docs/bench.
func TestDocumentsHaveTheRecordedFigures(t *testing.T) {
	t.Parallel()
	const docs = "../../../docs"
	run, err := report.Read(filepath.Join(docs, "bench"))
	must.Do(t, err)
	text := read(t, docs, "benchmarks.md")
	filled, err := report.Fill(text, run)
	must.Do(t, err)
	if diff := cmp.Diff(filled, text); diff != "" {
		t.Errorf("docs/benchmarks.md differs from docs/bench; run `go -C infra/bench run . record` (-want +got):\n%s", diff)
	}
	charts, err := report.Charts(run)
	must.Do(t, err)
	for name, want := range charts {
		if read(t, docs, "bench", name) != string(want) {
			t.Errorf("docs/bench/%s differs from docs/bench/results.json", name)
		}
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	must.Do(t, err)
	return string(text)
}

func sample() *result.Run {
	run := &result.Run{Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Commit: "abc", Seconds: 61}
	for subject, ms := range map[string]float64{"hello": 4, "authorizer": 12, "plain SDK code": 75} {
		run.Add(result.Key{Part: "start-up", What: "exec to first response", Under: "128 MB", Subject: subject}, "ms", ms, ms+1)
	}
	return run
}

func TestGoals(t *testing.T) {
	t.Parallel()
	run := sample()
	key := result.Key{Part: "start-up", What: "exec to first response", Under: "128 MB", Subject: "authorizer"}
	must.Do(t, errors.Join(run.Compare(key, "hello", ""), run.Compare(key, "plain SDK code", "")))
	run.Add(result.Key{Part: "start-up", What: "zip", Subject: "users"}, "MB", 3.6)
	rows := map[string][]string{}
	for _, row := range report.Goals(run) {
		rows[row[0]] = row[1:]
	}
	for name, want := range map[string][]string{
		"authorizer, exec to first response, compared with a hello-world Go Lambda": {"≤ 4 ×", "2.80 ×", "2.60 × – 3 ×", "2", "reached"},
		"the same, compared with plain SDK code":                                    {"≤ 1/6", "1/6.04", "1/6.25 – 1/5.85", "2", "**not reached**"},
		"zip of the user routes":                                                    {"≤ 3.50 MB", "3.60 MB", "", "1", "**not reached**"},
		"exec to first response, compared with Node 20":                             {"≤ 1/15", "not measured", "", "", ""},
	} {
		if diff := cmp.Diff(want, rows[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	whole, modified := allParts(), allParts()
	modified.Commit += result.Modified
	for name, c := range map[string]struct {
		run      *result.Run
		document string
		want     bool
	}{
		"a whole run":      {whole, "<!-- bench machine: begin -->\nold\n<!-- bench machine: end -->\n", true},
		"one part":         {sample(), "", false},
		"modified files":   {modified, "", false},
		"an unknown block": {whole, "<!-- bench goal: begin -->\n<!-- bench goal: end -->", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository, last := t.TempDir(), t.TempDir()
			must.Do(t, os.Mkdir(filepath.Join(repository, "docs"), 0o700))
			must.Do(t, os.WriteFile(filepath.Join(repository, "docs", "benchmarks.md"), []byte(c.document), 0o600))
			must.Do(t, report.Write(last, c.run))
			if err := report.Record(repository, last); (err == nil) != c.want {
				t.Errorf("got error %v, want success: %v", err, c.want)
			}
			if text := read(t, repository, "docs", "benchmarks.md"); c.want != strings.Contains(text, "on 2026-01-02 by `make bench` (commit abc, 1m1s)") {
				t.Errorf("got the document %q, want it filled: %v", text, c.want)
			}
		})
	}
}

// allParts returns a run of all parts.
func allParts() *result.Run {
	run := sample()
	for _, part := range []string{"warm path", "throughput", "scale"} {
		run.Add(result.Key{Part: part, What: "list", Under: "10² users", Subject: "boltstore"}, "µs", 77)
	}
	return run
}
