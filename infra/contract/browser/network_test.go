package browser_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// isCreate reports whether a request creates a token.
func isCreate(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/api/admin/user/tokens")
}

// tokensOf returns the descriptions of a user's tokens.
func (s *site) tokensOf(t *testing.T, user pat.UserID) (descriptions []string) {
	t.Helper()
	account, err := s.store.Account(t.Context(), user)
	must.Do(t, err)
	for _, token := range account.Tokens {
		descriptions = append(descriptions, token.Description)
	}
	return descriptions
}

// TestLostAnswerOfCreate: the token is created, its answer is lost in the ways there are, and the page shows the secret all the same, of one
// token.
func TestLostAnswerOfCreate(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(w http.ResponseWriter){
		"a connection that closes": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"a server error":           func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		"a busy service":           func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			token := s.admin(t)
			var sent atomic.Int32
			s.proxy.do(func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
				if isCreate(r) && sent.Add(1) < 3 {
					forward.ServeHTTP(httptest.NewRecorder(), r)
					lose(w)
					return
				}
				forward.ServeHTTP(w, r)
			})
			p := newTab(t, desktop)
			p.signIn(s.url, token)
			secret := p.create("Lost")
			created := slices.DeleteFunc(s.tokensOf(t, 1), func(description string) bool { return description != "Lost" })
			if len(created) != 1 || sent.Load() != 3 {
				t.Errorf("got %d tokens after %d requests, want 1 after 3", len(created), sent.Load())
			}
			parsed, err := pat.ParseSecret(secret)
			must.Do(t, err)
			if _, err := s.service(0).Authenticate(t.Context(), parsed); err != nil {
				t.Errorf("the secret does not work: %v", err)
			}
		})
	}
}

// TestLostAnswersUntilThePersonRetries: all answers are lost until the button is pressed again, with the same token as a result.
func TestLostAnswersUntilThePersonRetries(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	var back atomic.Bool
	s.proxy.do(func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		if isCreate(r) && !back.Load() {
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	})
	p := newTab(t, desktop)
	p.signIn(s.url, token)
	p.click("button", "New token")
	p.fill("Description", "Lost")
	p.click("button", "Create token")
	p.shows("The server did not answer. Try again.")
	back.Store(true)
	p.click("button", "Create token")
	p.find("dialog", "Copy your token now")
	created := slices.DeleteFunc(s.tokensOf(t, 1), func(description string) bool { return description != "Lost" })
	if len(created) != 1 {
		t.Errorf("got %d tokens, want 1", len(created))
	}
}

// TestSlowNetwork: each answer takes a while, the page says that it waits, and an impatient person creates one token.
func TestSlowNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	s.proxy.do(func(w http.ResponseWriter, r *http.Request, forward http.Handler) {
		select {
		case <-time.After(700 * time.Millisecond):
		case <-r.Context().Done():
		}
		forward.ServeHTTP(w, r)
	})
	p := newTab(t, desktop)
	p.open(s.url)
	p.fill("Token", token)
	p.click("button", "Sign in")
	p.waitFor(`document.getElementById('list').ariaBusy == 'true'`)
	p.settled()
	p.click("button", "New token")
	p.fill("Description", "Impatient")
	for range 3 {
		p.click("button", "Create token")
	}
	p.waitFor(`document.querySelector('#create form').ariaBusy == 'true'`)
	p.find("dialog", "Copy your token now")
	requests := slices.DeleteFunc(s.proxy.served(), func(request string) bool { return request != "POST /api/admin/user/tokens" })
	if len(requests) != 1 {
		t.Errorf("got %d creates, want 1", len(requests))
	}
}

// TestTwoTabs: a token that one tab revokes disappears from the other when a person returns to it, and can be revoked again.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	one, two := newTab(t, desktop), newTab(t, desktop)
	one.signIn(s.url, token)
	two.signIn(s.url, token)
	one.clickOf("Revoke", "Terraform on the build machine")
	one.click("button", "Revoke")
	one.shows("“Terraform on the build machine” revoked.")

	two.clickOf("Revoke", "Terraform on the build machine")
	two.find("dialog", "Revoke “Terraform on the build machine”?")
	two.click("button", "Revoke")
	two.shows("“Terraform on the build machine” revoked.")
	two.create("From the second tab")
	two.click("button", "I have copied it")
	eval[any](one, "document.dispatchEvent(new Event('visibilitychange'))")
	one.shows("From the second tab")
	one.faultless()
	two.faultless()
}

// TestTokenEndsMidway: the token that a person signed in with is revoked elsewhere.
func TestTokenEndsMidway(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	p := newTab(t, desktop)
	p.signIn(s.url, token)
	p.click("button", "New token")
	p.fill("Description", "Too late")
	parsed, err := pat.ParseSecret(token)
	must.Do(t, err)
	must.Do(t, s.service(0).RevokeSelf(t.Context(), pat.Identity{User: 1, Selector: parsed.Selector()}))
	p.click("button", "Create token")
	p.shows("The token that you signed in with has stopped working.")
	p.find("button", "Sign in")
	if p.has("dialog", "New token") || p.keeps("Terraform on the build machine") {
		t.Error("the page still shows what only the user may see")
	}
}

// TestRotatingTheTokenInUse: the page goes on with the new secret.
func TestRotatingTheTokenInUse(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	p := newTab(t, desktop)
	p.signIn(s.url, s.admin(t))
	p.clickOf("Rotate", "Deploys of the web shop")
	p.find("dialog", "Rotate “Deploys of the web shop”?")
	if p.has("radio", "at once") {
		t.Error("the secret in use can be ended at once, and then the rotation cannot be repeated")
	}
	p.click("button", "Rotate token")
	p.click("button", "I have copied it")
	p.settled()
	p.create("After the rotation")
	p.faultless()
}

// TestRequestsOfAView: a first view takes two requests, and another one within the hour none.
func TestRequestsOfAView(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	p := newTab(t, desktop)
	for view, want := range []int{2, 2} {
		p.open(s.url)
		p.find("button", "Sign in")
		if got := s.proxy.served(); len(got) != want {
			t.Errorf("after view %d: got the requests %q, want %d", view+1, got, want)
		}
		p.open("about:blank")
	}
}

// TestUnderAStage: all links of the page stay under the path at which it is served, with and without a slash at its end.
func TestUnderAStage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/prod")
	token := s.admin(t)
	for _, url := range []string{s.url, strings.TrimSuffix(s.url, "/")} {
		p := newTab(t, desktop)
		p.signIn(url, token)
		p.create("At " + url)
		p.click("button", "I have copied it")
		if link := eval[string](p, "document.querySelector('a').href"); link != s.url+"docs/openapi.json" {
			t.Errorf("got the link %s, want it under %s", link, s.url)
		}
		p.faultless()
	}
}

// TestNoOtherSiteCanFrameThePage: clickjacking needs a frame.
func TestNoOtherSiteCanFrameThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<iframe src="` + s.url + `"></iframe>`))
	}))
	t.Cleanup(other.Close)
	p := newTab(t, desktop)
	p.open(other.URL)
	p.wait("the frame to be refused", func() bool {
		p.log.Lock()
		defer p.log.Unlock()
		return slices.ContainsFunc(p.log.faults, func(fault string) bool { return strings.Contains(fault, "frame-ancestors") })
	})
	if p.has("textbox", "Token") {
		t.Error("another site shows the page in a frame")
	}
}

// TestNoAddressLeadsElsewhere: neither paths nor queries nor fragments make the page load or send anything to another origin.
func TestNoAddressLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	token := s.admin(t)
	p := newTab(t, desktop)
	for _, address := range []string{
		"/evil.example/", "?next=https://evil.example", "#//evil.example", "?//evil.example/..", "%2f%2fevil.example", ";@evil.example/",
	} {
		run(p, chromedp.Navigate(s.url+address))
		if eval[bool](p, "document.getElementById('pasted') != null") {
			p.fill("Token", token)
			p.click("button", "Sign in")
			p.find("button", "Sign out")
		}
	}
	p.log.Lock()
	defer p.log.Unlock()
	for _, request := range p.log.requests {
		if url := request.Request.URL; !strings.HasPrefix(url, s.url) && !strings.HasPrefix(url, "data:image/svg+xml,") {
			t.Errorf("the page has requested %s", url)
		}
	}
}
