package browser_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// minScore is the least score of a category, of 1.
const minScore = 0.95

// TestLighthouse runs Lighthouse on the first view, as a phone with a slow network sees it.
func TestLighthouse(t *testing.T) {
	t.Parallel()
	skip.Without(t, "chromium", "chromium")
	skip.Without(t, "node", "nodejs")
	s := newSite(t, "")
	report := filepath.Join(t.TempDir(), "report.json")
	command := exec.CommandContext(t.Context(), filepath.Join(nodeModules(t), ".bin/lighthouse"), s.url, "--quiet", "--output=json",
		"--output-path="+report, "--chrome-flags=--headless=new --no-sandbox")
	chromium, err := exec.LookPath("chromium")
	must.Do(t, err)
	command.Env = append(os.Environ(), "CHROME_PATH="+chromium)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("lighthouse: %v\n%s", err, output)
	}
	text, err := os.ReadFile(report)
	must.Do(t, err)
	var result struct {
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
	must.Do(t, json.Unmarshal(text, &result))
	var counts []figures.Count
	for _, name := range slices.Sorted(maps.Keys(result.Categories)) {
		category := result.Categories[name]
		counts = append(counts, figures.Count{Name: name, N: int(category.Score*100 + 0.5)})
		if category.Score >= minScore {
			continue
		}
		t.Errorf("%s: got the score %.2f, want at least %.2f", name, category.Score, minScore)
		for _, ref := range category.AuditRefs {
			if audit := result.Audits[ref.ID]; ref.Weight > 0 && audit.Score != nil && *audit.Score < 1 {
				t.Logf("%s: %s has %.2f", name, audit.Title, *audit.Score)
			}
		}
	}
	figures.Print(t, "lighthouse", counts...)
}
