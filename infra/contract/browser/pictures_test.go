package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"pats/infra/testkit/must"
)

// pictured are the states that the documentation shows, and how.
var pictured = map[look][]string{
	{"light", 1000}: {"sign-in", "tokens", "new-scopes", "secret", "revoke", "users", "all-tokens"},
	{"dark", 390}:   {"tokens", "new-scopes", "secret"},
	{"dark", 1000}:  {"tokens", "secret"},
}

// maskSecret replaces the characters of a secret that is shown, since pictures are committed.
const maskSecret = `document.getElementById('value').value = document.getElementById('value').value.replace(/_.*/, '_' + '•'.repeat(64))`

// TestPictures writes the pictures of docs/ to the folder that PATS_PICTURES names.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PATS_PICTURES")
	if folder == "" {
		t.Skip("PATS_PICTURES is not set: `make pictures` sets it")
	}
	must.Do(t, os.MkdirAll(folder, 0o750))
	for as, names := range pictured {
		wanted := map[string]bool{}
		for _, name := range names {
			wanted[name] = true
		}
		s := newSite(t, "")
		p := newTab(t, as)
		walk(t, p, s, s.admin(t), func(state string) {
			if wanted[state] {
				eval[string](p, maskSecret)
				picture := run(p, chromedp.CaptureScreenshot())
				must.Do(t, os.WriteFile(filepath.Join(folder, state+"-"+as.String()+".png"), picture, 0o644))
			}
		})
	}
}
