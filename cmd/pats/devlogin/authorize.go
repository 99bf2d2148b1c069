package devlogin

import (
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// grant is what a code of an authorization response stands for.
type grant struct {
	user      user
	nonce     string
	challenge string
	expires   time.Time
}

// user is who signs in.
type user struct {
	name  string
	admin bool
}

// userNames are the names under which one can sign in.
var userNames = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,30}$`)

const nameRule = "A name has 1 to 31 of a-z, 0-9 and . _ - and begins with a letter or digit."

// checkRequest returns why the query is no authorization request of the client, or "".
func (p *Provider) checkRequest(query url.Values) string {
	for name, want := range map[string]string{
		"client_id": clientID, "redirect_uri": p.redirectURI(), "response_type": "code", "code_challenge_method": "S256",
	} {
		if len(query[name]) != 1 || query.Get(name) != want {
			return "The parameter " + name + " is not the expected one."
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(query[name]) != 1 || query.Get(name) == "" {
			return "The parameter " + name + " is missing."
		}
	}
	return ""
}

// ask shows the form in which the user enters the code.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	if problem := p.checkRequest(r.URL.Query()); problem != "" {
		show(w, http.StatusBadRequest, "<p>"+html.EscapeString(problem)+"</p>")
		return
	}
	showForm(w, http.StatusOK, r.URL.RawQuery, "")
}

// authorize sends the browser back with a code, if the user has entered the code that the terminal shows.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if problem := p.checkRequest(query); problem != "" {
		show(w, http.StatusBadRequest, "<p>"+html.EscapeString(problem)+"</p>")
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		show(w, http.StatusForbidden, "<p>Another site sent this form.</p>")
		return
	}
	name := r.PostFormValue("name")
	switch {
	case !p.isAccessCode(r.PostFormValue("code")):
		showForm(w, http.StatusForbidden, r.URL.RawQuery, "This is not the code that the terminal shows.")
		return
	case !userNames.MatchString(name):
		showForm(w, http.StatusBadRequest, r.URL.RawQuery, nameRule)
		return
	}
	code := p.grant(grant{
		user{name, r.PostFormValue("admin") == "on"}, query.Get("nonce"), query.Get("code_challenge"), p.now().Add(grantLifetime),
	})
	back := url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {p.issuer()}}
	http.Redirect(w, r, p.redirectURI()+"?"+back.Encode(), http.StatusSeeOther)
}

// grant keeps g and returns its code. It forgets those that have expired.
func (p *Provider) grant(g grant) string {
	code := rand.Text()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for code, other := range p.grants {
		if !p.now().Before(other.expires) {
			delete(p.grants, code)
		}
	}
	p.grants[code] = g
	return code
}

// take returns what code stands for. A code can be taken once.
func (p *Provider) take(code string) (grant, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	g, found := p.grants[code]
	delete(p.grants, code)
	return g, found && p.now().Before(g.expires)
}

// showForm shows the form, which is sent to the same address.
func showForm(w http.ResponseWriter, status int, query, problem string) {
	alert := ""
	if problem != "" {
		alert = `<p role="alert">` + html.EscapeString(problem) + `</p>`
	}
	show(w, status, alert+fmt.Sprintf(`<p>This provider is for development. It lets you sign in under any name.</p>
<form method="post" action="?%s">
<p><label>Code from the terminal<br><input name="code" autocomplete="one-time-code" required autofocus></label></p>
<p><label>Name<br><input name="name" value="dev" autocomplete="username" required></label></p>
<p><label><input type="checkbox" name="admin"> Sign in as an Admin</label></p>
<p><button>Sign in</button></p>
</form>`, html.EscapeString(query)))
}

func show(w http.ResponseWriter, status int, content string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<meta name="color-scheme" content="light dark"><title>Development sign-in</title><main><h1>Development sign-in</h1>`+content+`</main></html>`)
}
