package browser_test

import (
	"strings"
	"testing"
)

// state is what the page shows after a step from the state before it.
type state struct {
	name  string
	reach func(p *tab, s *site, token string)
}

// states are all states of the page in token mode, in an order in which a person can reach them.
var states = []state{
	{"sign-in", func(p *tab, s *site, _ string) {
		p.open(s.url)
		p.find("heading", "Personal access tokens")
		p.find("button", "Sign in")
	}},
	{"sign-in-refused", func(p *tab, _ *site, token string) {
		p.fill("Token", token[:len(token)-1])
		p.click("button", "Sign in")
		p.find("alert", "")
		p.waitFor(`document.getElementById('paste-error').textContent != ''`)
	}},
	{"tokens", func(p *tab, s *site, token string) { p.signIn(s.url, token) }},
	{"new", func(p *tab, _ *site, _ string) {
		p.click("button", "New token")
		p.find("dialog", "New token")
	}},
	{"new-incomplete", func(p *tab, _ *site, _ string) {
		p.click("button", "Create token")
		p.shows("Describe what will use the token.")
	}},
	{"new-date", func(p *tab, _ *site, _ string) {
		p.fill("Description", "Release notes")
		p.find("group", "Expires")
		p.click("radio", "Date…")
		p.shows("Choose a date.")
	}},
	{"new-refused", func(p *tab, _ *site, _ string) {
		p.fill("Description", "Deploys of the web shop")
		p.click("radio", "30 days")
		p.click("button", "Create token")
		p.shows("PAT description already exists.")
	}},
	{"new-scopes", func(p *tab, _ *site, _ string) {
		p.fill("Description", "Release notes")
		p.click("radio", "Only what I choose")
		p.click("checkbox", "orders:read")
	}},
	{"secret", func(p *tab, _ *site, _ string) {
		p.click("button", "Create token")
		p.find("dialog", "Copy your token now")
	}},
	{"secret-copied", func(p *tab, _ *site, _ string) {
		p.click("button", "Copy")
		p.shows("Copied.")
	}},
	{"secret-tried", func(p *tab, _ *site, _ string) { p.click("DisclosureTriangle", "Try it") }},
	{"created", func(p *tab, _ *site, _ string) {
		p.click("button", "I have copied it")
		p.settled()
		p.shows("“Release notes” created.")
	}},
	{"rotate", func(p *tab, _ *site, _ string) {
		p.click("button", "Rotate")
		p.find("dialog", "Rotate “Terraform on the build machine”?")
	}},
	{"rotated", func(p *tab, _ *site, _ string) {
		p.click("radio", "in 1 hour")
		p.click("button", "Rotate token")
		p.find("dialog", "Copy the new secret now")
		p.shows("The old one stops working in 1 hour.")
		p.click("button", "Copy")
		p.shows("Copied.")
	}},
	{"revoke", func(p *tab, _ *site, _ string) {
		p.click("button", "I have copied it")
		p.settled()
		p.clickOf("Revoke", "Terraform on the build machine")
		p.find("dialog", "Revoke “Terraform on the build machine”?")
	}},
	{"revoked", func(p *tab, _ *site, _ string) {
		p.click("button", "Revoke")
		p.shows("“Terraform on the build machine” revoked.")
		p.settled()
	}},
	{"users", func(p *tab, _ *site, _ string) {
		p.click("button", "Users")
		p.shows("build-bot")
	}},
	{"new-user", func(p *tab, _ *site, _ string) {
		p.click("button", "New user")
		p.find("dialog", "New user")
	}},
	{"user-refused", func(p *tab, _ *site, _ string) {
		p.fill("Username", "sam")
		p.click("button", "Create user")
		p.shows("User already exists")
	}},
	{"user-created", func(p *tab, _ *site, _ string) {
		p.fill("Username", "ann")
		p.click("button", "Create user")
		p.shows("ann created.")
	}},
	{"disable", func(p *tab, _ *site, _ string) {
		p.click("button", "Disable")
		p.find("button", "Cancel")
	}},
	{"disabled", func(p *tab, _ *site, _ string) {
		p.clickNode(p.nodes("button", "Disable")[0])
		p.find("button", "Enable")
	}},
	{"found", func(p *tab, _ *site, _ string) {
		p.fillAs("searchbox", "Name, username or email", "sam@example.com")
		p.click("button", "Find")
		p.waitFor(`document.querySelectorAll('#user-list li').length == 1`)
	}},
	{"all-tokens", func(p *tab, _ *site, _ string) {
		p.click("button", "All tokens")
		p.find("heading", "All tokens")
		p.shows("Backup of the wiki")
		p.settled()
	}},
	{"all-tokens-none", func(p *tab, _ *site, _ string) {
		p.choose("State", "expired")
		p.choose("Scope", "orders:write")
		p.click("button", "Filter")
		p.shows("Nothing matches.")
	}},
	{"all-tokens-filtered", func(p *tab, _ *site, _ string) {
		p.choose("State", "active")
		p.choose("Scope", "")
		p.click("button", "Filter")
		p.shows("Backup of the wiki")
		p.settled()
		if p.has("StaticText", "Trial of the new SDK") {
			p.t.Error("an expired token is among the active ones")
		}
	}},
	{"all-tokens-revoke", func(p *tab, _ *site, _ string) {
		p.clickOf("Revoke", "Backup of the wiki")
		p.find("dialog", "Revoke “Backup of the wiki” of Sam Sample?")
	}},
	{"all-tokens-revoked", func(p *tab, _ *site, _ string) {
		p.click("button", "Revoke")
		p.shows("“Backup of the wiki” of Sam Sample revoked.")
	}},
	{"signed-out", func(p *tab, _ *site, _ string) {
		p.click("button", "Sign out")
		p.shows("You have signed out.")
	}},
}

// walk takes a tab through all states, and calls look in each.
func walk(t *testing.T, p *tab, s *site, token string, look func(state string)) {
	t.Helper()
	for _, state := range states {
		state.reach(p, s, token)
		look(state.name)
	}
	p.faultless()
}

// shows waits until a text is visible.
func (p *tab) shows(text string) {
	p.t.Helper()
	p.wait("the text "+text, func() bool { return strings.Contains(peek[string](p, "document.body?.innerText ?? ''"), text) })
}
