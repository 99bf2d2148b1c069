package browser_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// minScore is the least score of a category, of 1.
const minScore = 0.95

// TestLighthouse runs Lighthouse on the first view, as a phone with a slow network sees it, and judges the medians of some rounds:
// the score of performance depends on what else the machine does.
func TestLighthouse(t *testing.T) {
	t.Parallel()
	skip.Without(t, "chromium", "chromium")
	skip.Without(t, "node", "nodejs")
	rounds := figures.Rounds(t, 0)
	if rounds == 0 {
		// Also with CI=true: `make verify` runs it with PATS_ROUNDS, while the machine does nothing else.
		t.Skip("PATS_ROUNDS is not set: `make verify` sets it to measure times")
	}
	s := newSite(t, "")
	reports := make([]lighthouseReport, rounds)
	for i := range reports {
		reports[i] = lighthouse(t, s.url)
	}
	var counts []figures.Count
	for _, name := range slices.Sorted(maps.Keys(reports[0].Categories)) {
		slices.SortFunc(reports, func(a, b lighthouseReport) int {
			return cmp.Compare(a.Categories[name].Score, b.Categories[name].Score)
		})
		median := reports[len(reports)/2]
		score := median.Categories[name].Score
		counts = append(counts, figures.Count{Name: strings.ReplaceAll(name, "-", "_"), N: int(score*100 + 0.5)})
		if score < minScore {
			t.Errorf("%s: got the score %.2f, want at least %.2f\n%s", name, score, minScore, median.lost(name))
		}
	}
	figures.Print(t, "lighthouse", counts...)
}

// lighthouseReport is what Lighthouse found out.
type lighthouseReport struct {
	Categories map[string]struct {
		Score     float64 `json:"score"`
		AuditRefs []struct {
			ID     string  `json:"id"`
			Weight float64 `json:"weight"`
		} `json:"auditRefs"`
	} `json:"categories"`
	Audits map[string]struct {
		Score *float64 `json:"score"`
		Title string   `json:"title"`
	} `json:"audits"`
}

func lighthouse(t *testing.T, url string) lighthouseReport {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	must.Do(t, err)
	path := filepath.Join(t.TempDir(), "report.json")
	command := exec.CommandContext(t.Context(), filepath.Join(nodeModules(t), ".bin/lighthouse"), url, "--quiet", "--output=json",
		"--output-path="+path, "--chrome-flags=--headless=new --no-sandbox")
	command.Env = append(os.Environ(), "CHROME_PATH="+chromium)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("lighthouse: %v\n%s", err, output)
	}
	text, err := os.ReadFile(path)
	must.Do(t, err)
	var report lighthouseReport
	must.Do(t, json.Unmarshal(text, &report))
	return report
}

// lost returns the audits that cost the category points, a line each.
func (r lighthouseReport) lost(category string) string {
	var lines strings.Builder
	for _, ref := range r.Categories[category].AuditRefs {
		if audit := r.Audits[ref.ID]; ref.Weight > 0 && audit.Score != nil && *audit.Score < 1 {
			fmt.Fprintf(&lines, "%s has %.2f\n", audit.Title, *audit.Score)
		}
	}
	return lines.String()
}
