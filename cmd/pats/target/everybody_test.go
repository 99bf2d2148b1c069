package target_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
)

const allOfOne = `{"tokens":[{"id":1,"description":"x","expiresAt":"2027-01-01T00:00:00.000Z","userId":7,"createdAt":"2026-01-01T00:00:00.000Z","seenAt":null,` +
	`"user":{"accountType":"User","id":7,"username":"vera","createdAt":"2026-01-01T00:00:00.000Z","rootRole":3}}]}`

// TestServerTokensPage: the request has the filter, and the response's Link says where the next page begins.
func TestServerTokensPage(t *testing.T) {
	t.Parallel()
	rec := newRecorder(t, always(http.StatusOK, `Link: <?after=105&limit=100&state=active>; rel="next"`, allOfOne))
	filter := pat.TokenFilter{
		User: 7, Scope: "a:b", State: pat.TokenActive, UnusedSince: time.Unix(1, 5e6), ExpiresBefore: time.Unix(2, 0).In(time.FixedZone("", 3600)),
	}
	tokens, next, err := target.ServerTokens(newServer(t, rec.URL)).Page(t.Context(), 5, filter)
	if err != nil || next != 105 || len(tokens) != 1 || tokens[0].User.Username != "vera" {
		t.Errorf("got %+v, next %d and error %v, want the token and next 105", tokens, next, err)
	}
	const want = "/api/admin/tokens?after=5&expiresBefore=1970-01-01T00%3A00%3A02Z&limit=100&scope=a%3Ab&state=active&unusedSince=1970-01-01T00%3A00%3A01.005Z&user=7"
	if got := rec.received()[0].URL.String(); got != want {
		t.Errorf("got request %s, want %s", got, want)
	}
}

func TestServerTokensRevoke(t *testing.T) {
	t.Parallel()
	rec := newRecorder(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			dropConnection(t, w)
			return
		}
		_, _ = fmt.Fprint(w, `{"revoked":[2,3]}`)
	})
	ids, err := target.ServerTokens(newServer(t, rec.URL)).Revoke(t.Context(), 7, pat.TokenFilter{User: 7, Scope: "a:b"})
	if err != nil || len(ids) != 2 {
		t.Errorf("got %v and error %v, want two tokens", ids, err)
	}
	for _, r := range rec.received() {
		if r.Method != http.MethodDelete || r.URL.String() != "/api/admin/user-admin/7/tokens?scope=a%3Ab" {
			t.Errorf("got %s %s, want DELETE of the user's tokens with the scope", r.Method, r.URL)
		}
	}
}

// TestServerTokensNotPats: what another server may send ends the walk, which must not go on forever.
func TestServerTokensNotPats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ link, body string }{
		"other JSON":         {"", `{}`},
		"HTML":               {"", `<html>`},
		"a page before":      {`Link: <?after=5>; rel="next"`, allOfOne},
		"the same page":      {`Link: <?after=6>; rel="next"`, allOfOne},
		"another server":     {`Link: <https://elsewhere.example/?after=9>; rel="next"`, allOfOne},
		"no number":          {`Link: <?after=x>; rel="next"`, allOfOne},
		"no parameter":       {`Link: <?>; rel="next"`, allOfOne},
		"another relation":   {`Link: <?after=9>; rel="last"`, allOfOne},
		"malformed encoding": {`Link: <?after=9&x=%zz>; rel="next"`, allOfOne},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := newRecorder(t, always(http.StatusOK, c.link, c.body))
			_, _, err := target.ServerTokens(newServer(t, rec.URL)).Page(t.Context(), 6, pat.TokenFilter{})
			wantFailure(t, err, failure.Failed, "does not look like a pats server")
		})
	}
}

// TestServerTokensCaller: the admin API token belongs to no user, and its form says so without a request.
func TestServerTokensCaller(t *testing.T) {
	t.Parallel()
	rec := newRecorder(t, always(http.StatusOK, "", `{"id":1,"description":"x","expiresAt":"2027-01-01T00:00:00.000Z","userId":7,"createdAt":"2026-01-01T00:00:00.000Z","seenAt":null}`))
	user, err := target.ServerTokens(newServer(t, rec.URL)).Caller(t.Context())
	if err != nil || user != 7 {
		t.Errorf("with a token: got user %d and error %v, want 7", user, err)
	}
	admin, err := target.NewServer(rec.URL, "*:*.secret", false)
	if err != nil {
		t.Fatal(err)
	}
	user, err = target.ServerTokens(admin).Caller(t.Context())
	if err != nil || user != 0 || len(rec.received()) != 1 {
		t.Errorf("with the admin API token: got user %d, error %v and %d requests, want 0 and no more", user, err, len(rec.received()))
	}
}
