package api_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestListShowsTokensInOrderOfID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, post(with(`"<b>&☃"`))), http.StatusCreated)
	if _, err := f.service.Authenticate(t.Context(), h.Secret); err != nil {
		t.Fatal(err)
	}
	got := f.do(t, h, get())
	wantStatus(t, got, http.StatusOK)
	want := `{"pats":[` +
		`{"id":1,"description":"own","expiresAt":"2026-04-02T03:04:05.678Z","userId":1,"createdAt":"2026-01-02T03:04:05.678Z","seenAt":"2026-01-02T03:04:05.678Z"},` +
		`{"id":2,"description":"<b>&☃","expiresAt":"2027-04-19T08:15:14.000Z","userId":1,"createdAt":"2026-01-02T03:04:05.678Z","seenAt":null}]}`
	if got.Body != want {
		t.Errorf("body\n got %s\nwant %s", got.Body, want)
	}
	wantHeader(t, got, "Content-Type", "application/json; charset=utf-8")
}

// TestListIsTheCallersOwn checks that only the claims decide who the caller is.
func TestListIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, two := f.holder(t), f.holder(t)
	wantStatus(t, f.do(t, one, post(good)), http.StatusCreated)
	event := get("Authorization: "+one.Secret.Reveal(), "X-User-Id: 1").event(claimsOf(two))
	event.QueryStringParameters = map[string]string{"userId": "1"}
	got := f.handle(t, event)
	wantStatus(t, got, http.StatusOK)
	if strings.Contains(got.Body, "laptop") || !strings.Contains(got.Body, `"userId":2`) {
		t.Errorf("body: got %s, want only the token of user 2", got.Body)
	}
}

func TestListIgnoresOtherHeaders(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, headers := range map[string][]string{
		"Accept text/html":         {"Accept: text/html"},
		"Accept application/xml":   {"Accept: application/xml"},
		"Accept json;q=0":          {"Accept: application/json;q=0"},
		"Accept-Encoding":          {"Accept-Encoding: gzip"},
		"If-Match":                 {`If-Match: "x"`},
		"If-Modified-Since":        {"If-Modified-Since: Mon, 23 Nov 2099 00:00:00 GMT"},
		"X-HTTP-Method-Override":   {"X-HTTP-Method-Override: DELETE"},
		"Content-Type, no body":    {"Content-Type: application/json"},
		"Content-Type text/plain":  {"Content-Type: text/plain"},
		"Content-Encoding, no use": {"Content-Encoding: gzip", "Content-Type: application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, f.holder(t), get(headers...))
			wantStatus(t, got, http.StatusOK)
			wantHeader(t, got, "Content-Type", "application/json; charset=utf-8")
		})
	}
}

// TestListETag checks that a 304 is returned when Unleash 8.2.0 returns one. TAG stands for the ETag of the list without W/.
func TestListETag(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	first := f.do(t, h, get())
	wantStatus(t, first, http.StatusOK)
	tag, weak := strings.CutPrefix(first.MultiValueHeaders["Etag"][0], "W/")
	if !weak || !regexp.MustCompile(`^"[0-9a-f]+-[A-Za-z0-9+/]{27}"$`).MatchString(tag) {
		t.Fatalf("ETag: got %q, want a weak one of hex length and 27 characters of base64", first.MultiValueHeaders["Etag"])
	}
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"the same":                {[]string{`If-None-Match: W/TAG`}, 304},
		"its strong form":         {[]string{`If-None-Match: TAG`}, 304},
		"any":                     {[]string{`If-None-Match: *`}, 304},
		"a list with it":          {[]string{`If-None-Match: "a", W/TAG, W/"b"`}, 304},
		"a list without blanks":   {[]string{`If-None-Match: "a",W/TAG`}, 304},
		"two headers":             {[]string{`If-None-Match: "a"`, `If-None-Match: W/TAG`}, 304},
		"blanks round it":         {[]string{`If-None-Match:   W/TAG  `}, 304},
		"a lower-case name":       {[]string{`if-none-match: W/TAG`}, 304},
		"no-store":                {[]string{`If-None-Match: W/TAG`, `Cache-Control: no-store`}, 304},
		"max-age=0":               {[]string{`If-None-Match: W/TAG`, `Cache-Control: max-age=0`}, 304},
		"NO-CACHE":                {[]string{`If-None-Match: W/TAG`, `Cache-Control: NO-CACHE`}, 304},
		"Pragma: no-cache":        {[]string{`If-None-Match: W/TAG`, `Pragma: no-cache`}, 304},
		"none":                    {nil, 200},
		"empty":                   {[]string{`If-None-Match: `}, 200},
		"another":                 {[]string{`If-None-Match: W/"0-x"`}, 200},
		"a list without it":       {[]string{`If-None-Match: "a", W/"b"`}, 200},
		"without its quotes":      {[]string{`If-None-Match: ` + strings.Trim(tag, `"`)}, 200},
		"a small w":               {[]string{`If-None-Match: w/TAG`}, 200},
		"no-cache":                {[]string{`If-None-Match: W/TAG`, `Cache-Control: no-cache`}, 200},
		"no-cache in a list":      {[]string{`If-None-Match: W/TAG`, `Cache-Control: private, no-cache`}, 200},
		"If-Match is not read":    {[]string{`If-Match: W/"0-x"`}, 200},
		"the tag as If-Match too": {[]string{`If-Match: W/TAG`}, 200},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				req := get()
				req.method = method
				for _, line := range c.headers {
					req.headers = append(req.headers, strings.ReplaceAll(line, "TAG", tag))
				}
				got := f.do(t, h, req)
				wantStatus(t, got, c.status)
				wantHeader(t, got, "Etag", "W/"+tag)
				if (got.Body == "") != (c.status == http.StatusNotModified) {
					t.Errorf("body: got %q with status %d", got.Body, c.status)
				}
			})
		}
	}
}

func TestListETagChangesWithTheList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	before := f.do(t, h, get()).MultiValueHeaders["Etag"][0]
	wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
	got := f.do(t, h, get("If-None-Match: "+before))
	wantStatus(t, got, http.StatusOK)
	if after := got.MultiValueHeaders["Etag"][0]; after == before {
		t.Errorf("ETag: got %s before and after a create, want different ones", after)
	}
}

// TestErrorsHaveNoETag checks that If-None-Match does not turn an error into a 304.
func TestErrorsHaveNoETag(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.handle(t, get("If-None-Match: *").event(nil))
	wantStatus(t, got, http.StatusUnauthorized)
	wantHeader(t, got, "Etag", "")
}

func TestListShowsExpiredTokensForTheRetention(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	short := pat.Draft{Description: "short", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Hour)}
	if _, _, err := f.service.CreateUserToken(t.Context(), h.Account.ID, short); err != nil {
		t.Fatal(err)
	}
	shown := func() bool { return strings.Contains(f.do(t, h, get()).Body, `"short"`) }
	f.clock.Advance(time.Hour + pat.DefaultRetention - time.Millisecond)
	if !shown() {
		t.Error("a millisecond before the retention's end: got no expired token, want it listed")
	}
	f.clock.Advance(time.Millisecond)
	if shown() {
		t.Error("at the retention's end: got the expired token, want it gone")
	}
}
