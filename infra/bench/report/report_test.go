package report_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/report"
	"pats/infra/bench/result"
)

const root = "../../.."

func TestDocumentHasTheRecordedFigures(t *testing.T) {
	t.Parallel()
	figures, err := report.Kept(root)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs/benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	filled, err := figures.Fill(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(filled, string(text)); diff != "" {
		t.Errorf("docs/benchmarks.md differs from docs/bench; run `go -C infra/bench run . record` (-want +got):\n%s", diff)
	}
}

func sample() *result.Run {
	run := &result.Run{Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Commit: "abc", Seconds: 61}
	for subject, ms := range map[string]float64{"hello": 4, "authorizer": 12, "plain SDK code": 75} {
		for _, what := range []string{"exec to ready", "first invocation", "exec to first response"} {
			run.Add(result.Key{Part: "start-up", What: what, Under: "128 MB", Subject: subject}, "ms", ms, ms+1)
		}
	}
	return run
}

func TestGoals(t *testing.T) {
	t.Parallel()
	run := sample()
	key := result.Key{Part: "start-up", What: "exec to first response", Under: "128 MB", Subject: "authorizer"}
	if err := errors.Join(run.Compare(key, "hello"), run.Compare(key, "plain SDK code")); err != nil {
		t.Fatal(err)
	}
	run.Add(result.Key{Part: "start-up", What: "zip", Subject: "users"}, "MB", 3.6)
	rows := map[string][]string{}
	for _, row := range report.Goals(run) {
		rows[row[0]] = row[1:]
	}
	for name, want := range map[string][]string{
		"authorizer, exec to first response, compared with a hello-world Go Lambda": {"≤ 4 ×", "2.80 ×", "2.60 × – 3 ×", "2", "reached"},
		"the same, compared with plain SDK code":                                    {"≤ 1/6", "1/6.04", "1/6.25 – 1/5.85", "2", "**not reached**"},
		"zip of the user routes":                                                    {"≤ 3.50 MB", "3.60 MB", "", "1", "**not reached**"},
		"zip of the authorizer":                                                     {"≤ 3.50 MB", "not measured", "", "", ""},
		"exec to first response, compared with Node 20":                             {"≤ 1/15", "not measured", "", "", ""},
	} {
		if diff := cmp.Diff(want, rows[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	repository, last := newRepository(t), t.TempDir()
	if err := errors.Join(report.Write(last, whole()), report.Record(repository, last)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "docs/benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n", "after\n", "on 2026-01-02", "commit abc, 1m1s", "| boltstore: list, µs | 77 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document does not contain %q:\n%s", want, text)
		}
	}
	if _, err := os.Stat(filepath.Join(repository, "docs/bench/start-up-go.svg")); err != nil {
		t.Error(err)
	}
}

func TestRecordRefuses(t *testing.T) {
	t.Parallel()
	modified := whole()
	modified.Commit += result.Modified
	for name, run := range map[string]*result.Run{"one part": sample(), "modified files": modified} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository, last := newRepository(t), t.TempDir()
			if err := report.Write(last, run); err != nil {
				t.Fatal(err)
			}
			if err := report.Record(repository, last); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

// whole returns a run of all parts.
func whole() *result.Run {
	run := sample()
	for _, part := range []string{"warm path", "throughput", "scale"} {
		run.Add(result.Key{Part: part, What: "list", Under: "10² users", Subject: "boltstore"}, "µs", 77)
	}
	return run
}

func newRepository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "docs/bench"), 0o700); err != nil {
		t.Fatal(err)
	}
	document := "before\n<!-- bench machine: begin -->\nold\n<!-- bench machine: end -->\n<!-- bench scale: begin -->\n<!-- bench scale: end -->\nafter\n"
	if err := os.WriteFile(filepath.Join(folder, "docs/benchmarks.md"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestUnknownBlock(t *testing.T) {
	t.Parallel()
	var figures report.Figures
	if _, err := figures.Fill("<!-- bench goal: begin -->\n<!-- bench goal: end -->"); err == nil {
		t.Error("got no error for an unknown block, want one")
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := report.Print(&text, sample()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"start-up", "exec to ready, 128 MB, ms", "12.5 (12"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text does not contain %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "**") {
		t.Errorf("the text contains Markdown:\n%s", text.String())
	}
}
