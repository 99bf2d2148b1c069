package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp/kb"
)

// focused returns the role and the accessible name of the element that has the focus.
func (p *tab) focused() (role, name string) {
	p.t.Helper()
	element := call(p, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"}).Result
	relatives := false
	tree := call(p, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: element.ObjectID, FetchRelatives: &relatives})
	node := tree.Nodes[0]
	return text(node.Role), text(node.Name)
}

// text returns the string that a value of the accessibility tree is.
func text(value *accessibility.Value) string {
	if value == nil {
		return ""
	}
	var text string
	_ = jsonv2.Unmarshal(value.Value, &text)
	return text
}

// mostTabs is more than the number of elements that can have the focus on any state of the page.
const mostTabs = 60

// tabTo presses Tab until the element with a role and a name has the focus.
func (p *tab) tabTo(role, name string) {
	p.t.Helper()
	var passed []string
	for range mostTabs {
		gotRole, gotName := p.focused()
		if gotRole == role && gotName == name {
			return
		}
		passed = append(passed, gotRole+" "+gotName)
		p.press(kb.Tab)
	}
	p.t.Fatalf("Tab does not lead to the %s named %q, but to %q", role, name, passed)
}

// wantFocus waits until the element with a role and a name has the focus.
func (p *tab) wantFocus(role, name string) {
	p.t.Helper()
	p.wait("the focus on the "+role+" named "+name, func() bool {
		gotRole, gotName := p.focused()
		return gotRole == role && gotName == name
	})
}

// TestKeyboardAlone goes from sign-in to a revoked token without a mouse, and checks where the focus is after each step.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	keyboardAlone(t, s)
}

func keyboardAlone(t *testing.T, s *site) {
	t.Helper()
	token := s.admin(t)
	p := newTab(t, desktop)
	p.open(s.url)
	p.wantFocus("textbox", "Token")
	call(p, input.InsertText, input.InsertTextParams{Text: token})
	p.press(kb.Enter)
	p.wantFocus("heading", "Personal access tokens")
	p.settled()

	p.tabTo("button", "New token")
	p.press(kb.Enter)
	p.wantFocus("textbox", "Description")
	call(p, input.InsertText, input.InsertTextParams{Text: "Keyboard"})
	p.tabTo("radio", "Everything I can do")
	p.press(kb.ArrowRight)
	p.tabTo("checkbox", "pats:read See your tokens")
	p.press(" ")
	p.tabTo("radio", "30 days")
	p.press(kb.ArrowLeft)
	p.wantFocus("radio", "7 days")
	p.tabTo("button", "Create token")
	p.press(kb.Enter)

	p.wantFocus("button", "Copy")
	p.press(kb.Escape, kb.Escape)
	p.press(kb.Enter)
	p.shows("Copied.")
	p.tabTo("button", "I have copied it")
	p.press(kb.Enter)
	p.wantFocus("button", "New token")
	p.settled()

	p.tabTo("button", "Revoke") // of the token that has expired
	p.press(kb.Tab, kb.Tab)
	p.wantFocus("button", "Revoke")
	p.press(kb.Enter)
	p.wantFocus("button", "Keep it")
	p.press(kb.Escape)
	p.wantFocus("button", "Revoke")
	p.press(kb.Enter)
	p.wantFocus("button", "Keep it")
	p.tabTo("button", "Revoke")
	p.press(" ")
	p.wantFocus("heading", "Personal access tokens")
	p.shows("“Keyboard” revoked.")
	p.faultless()
}
