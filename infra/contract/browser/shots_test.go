package browser_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

func (p *tab) shot(file string) {
	p.t.Helper()
	picture := run(p, chromedp.CaptureScreenshot())
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func TestTry(t *testing.T) {
	url, token := os.Getenv("TRY_URL"), os.Getenv("TRY_TOKEN")
	for _, l := range []look{{"light", 1200, 1}, {"dark", 1200, 1}, {"light", 390, 1}, {"dark", 390, 1}} {
		p := newTab(t, l)
		at := func(name string) string { return filepath.Join("/tmp/shots", name+"-"+l.String()+".png") }
		p.open(url)
		p.find("button", "Sign in")
		p.shot(at("1-welcome"))
		p.signIn(url, token)
		p.shot(at("2-list"))
		p.click("button", "New token")
		p.fill("Description", "Release notes "+l.String())
		p.click("radio", "Only what I choose")
		p.click("checkbox", "pats:read See your tokens")
		p.shot(at("3-new"))
		p.click("button", "Create token")
		p.find("button", "I have copied it")
		p.click("button", "Copy")
		p.shot(at("4-secret"))
		p.click("button", "I have copied it")
		p.settled()
		p.click("button", "Rotate")
		p.shot(at("5-rotate"))
		p.click("button", "Cancel")
		p.click("button", "Revoke")
		p.shot(at("6-revoke"))
		p.click("button", "Keep it")
		p.click("button", "Users")
		p.settled()
		p.shot(at("7-users"))
		p.click("button", "New user")
		p.shot(at("8-user"))
		p.click("button", "Cancel")
		p.click("button", "All tokens")
		p.settled()
		p.shot(at("9-all"))
		p.faultless()
	}
}
