package browser_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

const root = "../../.."

// packages is the folder of axe-core and Lighthouse, which the first call installs.
var packages = sync.OnceValues(func() (string, error) {
	output, err := exec.Command(root+"/infra/services/npm", ".", "browser").Output()
	return filepath.Join(strings.TrimSpace(string(output)), "node_modules"), err
})

func nodeModules(t *testing.T) string {
	t.Helper()
	skip.Without(t, "npm", "npm")
	folder, err := packages()
	must.Do(t, err)
	return folder
}

// axe injects axe-core, which the policy of the page would not let the page load.
func (p *tab) axe() string {
	p.t.Helper()
	source, err := os.ReadFile(filepath.Join(nodeModules(p.t), "axe-core/axe.min.js"))
	must.Do(p.t, err)
	return string(source)
}

// violation is a rule of axe-core that an element breaks.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (v violation) String() string {
	lines := []string{v.ID + ": " + v.Help}
	for _, node := range v.Nodes {
		lines = append(lines, "  "+node.HTML, "  "+node.Summary)
	}
	return strings.Join(lines, "\n")
}

// violations runs axe-core's rules, all that are not experimental, on what the tab shows.
func (p *tab) violations(source string) (found []violation) {
	p.t.Helper()
	if !eval[bool](p, "'axe' in window") {
		eval[any](p, source+";undefined")
	}
	text := eval[string](p, "axe.run().then(result => JSON.stringify(result.violations))")
	must.Do(p.t, json.Unmarshal([]byte(text), &found))
	return found
}

// looks are those in which every state is shown.
var looks = []look{{"light", 1200}, {"dark", 1200}, {"light", 390}, {"dark", 390}}

func TestEveryStateIsAccessible(t *testing.T) {
	t.Parallel()
	for _, as := range looks {
		t.Run(as.String(), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			everyStateIsAccessible(t, s, as)
		})
	}
}

func everyStateIsAccessible(t *testing.T, s *site, as look) {
	t.Helper()
	p := newTab(t, as)
	walk(t, p, s, s.admin(t), p.checker())
}

// checker returns a function that checks what the tab shows in a state: that it breaks no rule of axe-core, and that nothing is cut off.
func (p *tab) checker() func(state string) {
	p.t.Helper()
	source := p.axe()
	return func(state string) {
		p.t.Helper()
		for _, found := range p.violations(source) {
			p.t.Errorf("%s: %s", state, found)
		}
		p.fits(state)
	}
}

// fits checks that nothing is cut off at the side.
func (p *tab) fits(state string) {
	p.t.Helper()
	for _, wide := range eval[[]string](p, `[document.documentElement, ...document.querySelectorAll('dialog[open], section:not([hidden])')]
		.filter(element => element.scrollWidth > element.clientWidth + 1).map(element => element.id + ' ' + element.tagName)`) {
		p.t.Errorf("%s: %s is wider than what shows it", state, wide)
	}
}

// TestTextCanBeTwiceAsLarge sets the browser's font size to 200 %.
func TestTextCanBeTwiceAsLarge(t *testing.T) {
	t.Parallel()
	for _, as := range []look{{"light", 1200}, {"light", 390}} {
		t.Run(as.String(), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			p := newTab(t, as)
			call(p, page.SetFontSizes, page.SetFontSizesParams{FontSizes: &page.FontSizes{Standard: 32, Fixed: 26}})
			walk(t, p, s, s.admin(t), func(state string) {
				if size := eval[string](p, "getComputedStyle(document.body).fontSize"); size != "32px" {
					t.Fatalf("%s: got the font size %s, want 32px", state, size)
				}
				p.fits(state)
			})
		})
	}
}
