package oauth_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pats/pkg/oauth"
	"pats/pkg/pat/pattest"
)

// FuzzForm: no body but a well-formed form with exactly one token gets past the parser, no form revokes a token that it does not
// contain, and every refusal is an error of RFC 6749.
func FuzzForm(f *testing.F) {
	fixture := newFixture(f)
	token := fixture.vera.Secret.Reveal()
	for _, seed := range []string{
		"", "token=x", "token=x&token=y", "token=x&%74oken=y", "token", "=", "&&", "token=%", "token=x;y", "client_secret=a&access_token=b&token=x",
		"token=" + pattest.Mistyped(token), "token=+&client_id=1", `{"token":"x"}`, "\x00\xff", "token=\r\nX: y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := fixture.do(t, request{resource: oauth.ResourceRevoke, body: body})
		values, err := url.ParseQuery(body)
		given := values["token"]
		well := err == nil && len(given) == 1 && given[0] != ""
		for name, doubled := range values {
			well = well && len(doubled) == 1 && (name != "client_secret" || !values.Has("access_token") && !values.Has("client_assertion"))
		}
		well = well && (!values.Has("access_token") || !values.Has("client_assertion"))
		switch {
		case got.status == http.StatusOK && !well:
			t.Errorf("%q: got 200, want an error", body)
		case got.status != http.StatusOK && well && len(body) <= 16<<10:
			t.Errorf("%q: got status %d with %s, want 200", body, got.status, got.body)
		case got.status != http.StatusOK && len(body) <= 16<<10:
			got.wantError(t, http.StatusBadRequest, "invalid_request")
		}
		if !strings.Contains(body, token[len(token)-43:]) && !fixture.works(t, fixture.vera.Secret) {
			t.Errorf("%q: the token was revoked", body)
		}
	})
}

// FuzzAuthorization: whatever the header, a request without an Admin's token introspects nothing, and the refusal does not quote it.
func FuzzAuthorization(f *testing.F) {
	fixture := newFixture(f)
	admin := fixture.admin.Secret.Reveal()
	for _, seed := range []string{
		"", "Bearer", "Bearer x", "Basic", "Basic Og==", "Basic !!!", basic("ann", "x"), basic("1", pattest.Mistyped(admin)), "bAsIc " + base64.StdEncoding.EncodeToString([]byte("a")),
		"Bearer " + fixture.vera.Secret.Reveal(), basic("vera", fixture.vera.Secret.Reveal()), basic("%", "%"), "Digest x", "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := request{resource: oauth.ResourceIntrospect, authorization: []string{header}, body: form("token", admin)}
		got := fixture.do(t, r)
		if got.status == http.StatusOK || strings.Contains(got.body, "active") {
			t.Errorf("%q: got status %d with %s, want a refusal", header, got.status, got.body)
		}
		if code := got.object(t)["error"]; code == "server_error" {
			t.Errorf("%q: got %s, want no failure of the service", header, got.body)
		}
	})
}

// FuzzBasic: an Admin is known by the user ID or the username and the token, form-encoded or not, and by no other ID.
func FuzzBasic(f *testing.F) {
	fixture := newFixture(f)
	for _, id := range []string{"1", "ann", "vera", "2", "", "ann:", "%61nn", "ann%", "a+nn", "ann\x00", "Ann"} {
		f.Add(id, false)
		f.Add(id, true)
	}
	f.Fuzz(func(t *testing.T, id string, encode bool) {
		secret := fixture.admin.Secret.Reveal()
		sent, sentSecret := id, secret
		if encode {
			sent, sentSecret = url.QueryEscape(id), url.QueryEscape(secret)
		}
		r := request{resource: oauth.ResourceIntrospect, authorization: []string{basic(sent, sentSecret)}, body: form("token", "x")}
		got := fixture.do(t, r)
		plain, err := url.QueryUnescape(sent)
		known := id == "1" || id == "ann" || err == nil && (plain == "1" || plain == "ann")
		if (got.status == http.StatusOK) != known {
			t.Errorf("ID %q, form-encoded %t: got status %d, want it accepted: %t", id, encode, got.status, known)
		}
	})
}
