package oauth_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pats/pkg/oauth"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// caller is how a request presents its credential.
type caller struct {
	authorization []string
	// form are more parameters.
	form []string
}

func (c caller) introspect(token string) request {
	return request{resource: oauth.ResourceIntrospect, authorization: c.authorization, body: form(append(c.form, "token", token)...)}
}

func TestCredentialsThatAreAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	secret := f.admin.Secret.Reveal()
	other := pattest.InPats(secret)
	for name, c := range map[string]caller{
		"Bearer":                               {authorization: []string{"Bearer " + secret}},
		"Bearer, in the other spelling":        {authorization: []string{"Bearer " + other}},
		"Bearer in lower case, spaces":         {authorization: []string{"bearer   " + secret}},
		"no scheme":                            {authorization: []string{secret}},
		"Basic by user ID":                     {authorization: []string{basic("1", secret)}},
		"Basic by username":                    {authorization: []string{basic("ann", secret)}},
		"Basic in the other spelling":          {authorization: []string{basic("ann", other)}},
		"Basic, form-encoded":                  {authorization: []string{basic("ann", url.QueryEscape(secret))}},
		"Basic, form-encoded in small letters": {authorization: []string{basic("ann", strings.ReplaceAll(secret, ":", "%3a"))}},
		"Basic, all percent-encoded":           {authorization: []string{basic("%61nn", strings.ReplaceAll(secret, "_", "%5F"))}},
		"basic in lower case":                  {authorization: []string{strings.Replace(basic("1", secret), "Basic", "basic", 1)}},
		"in the body":                          {form: []string{"client_id", "1", "client_secret", secret}},
		"in the body by username":              {form: []string{"client_id", "ann", "client_secret", other}},
		"Bearer, and a client ID alone":        {authorization: []string{"Bearer " + secret}, form: []string{"client_id", "x"}},
		"with unknown parameters":              {authorization: []string{"Bearer " + secret}, form: []string{"resource", "x", "token_type_hint", "refresh_token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, c.introspect(f.vera.Secret.Reveal()))
			if got.status != http.StatusOK || got.object(t)["active"] != true {
				t.Errorf("got status %d with %s, want an active token", got.status, got.body)
			}
		})
	}
}

// TestUsernamesInBasic: a client may form-encode the username or not, whatever characters it has.
func TestUsernamesInBasic(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"a b", "a+b", "100%", "a%2Bb", "jürgen", "x@example.org", "o'hara & co", "7"} {
		h := pattest.NewHolder(t, f.store, f.service, pat.Profile{Username: name, Role: pat.Admin})
		for _, header := range []string{
			basic(name, h.Secret.Reveal()),
			basic(url.QueryEscape(name), url.QueryEscape(h.Secret.Reveal())),
			basic(url.PathEscape(name), h.Secret.Reveal()),
		} {
			r := caller{authorization: []string{header}}.introspect("x")
			if got := f.do(t, r); got.status != http.StatusOK {
				t.Errorf("username %q: got status %d with %s, want 200", name, got.status, got.body)
			}
		}
	}
	colon := pattest.NewHolder(t, f.store, f.service, pat.Profile{Username: "a:b", Role: pat.Admin})
	r := caller{authorization: []string{basic(url.QueryEscape("a:b"), colon.Secret.Reveal())}}.introspect("x")
	if got := f.do(t, r); got.status != http.StatusOK {
		t.Errorf("a username with a colon, form-encoded: got status %d with %s, want 200", got.status, got.body)
	}
}

func TestCredentialsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	admin, vera := f.admin.Secret.Reveal(), f.vera.Secret.Reveal()
	for name, c := range map[string]struct {
		caller
		code      string
		challenge string
	}{
		"none":                           {caller{}, "invalid_client", "Basic,Bearer"},
		"an empty header":                {caller{authorization: []string{""}}, "invalid_client", "Basic,Bearer"},
		"Bearer alone":                   {caller{authorization: []string{"Bearer"}}, "invalid_token", "Bearer"},
		"junk":                           {caller{authorization: []string{"Bearer junk"}}, "invalid_token", "Bearer"},
		"a forged token":                 {caller{authorization: []string{"Bearer " + pattest.Forge(t, f.admin.Token.Selector)}}, "invalid_token", "Bearer"},
		"another scheme":                 {caller{authorization: []string{"Digest " + admin}}, "invalid_token", "Bearer"},
		"a signature of AWS":             {caller{authorization: []string{"AWS4-HMAC-SHA256 Credential=x"}}, "invalid_token", "Bearer"},
		"two tokens in one header":       {caller{authorization: []string{"Bearer " + admin + ", Bearer " + admin}}, "invalid_token", "Bearer"},
		"form-encoded after Bearer":      {caller{authorization: []string{"Bearer " + url.QueryEscape(admin)}}, "invalid_token", "Bearer"},
		"the username of another":        {caller{authorization: []string{basic("vera", admin)}}, "invalid_client", "Basic"},
		"the ID of another":              {caller{authorization: []string{basic("2", admin)}}, "invalid_client", "Basic"},
		"no ID":                          {caller{authorization: []string{basic("", admin)}}, "invalid_client", "Basic"},
		"the username in another case":   {caller{authorization: []string{basic("Ann", admin)}}, "invalid_client", "Basic"},
		"the email address":              {caller{authorization: []string{basic("ann@example.org", admin)}}, "invalid_client", "Basic"},
		"the ID with a zero before it":   {caller{authorization: []string{basic("01", admin)}}, "invalid_client", "Basic"},
		"the ID and the secret in turn":  {caller{authorization: []string{basic(pattest.InPats(admin), "ann")}}, "invalid_client", "Basic"},
		"a secret with a space after it": {caller{authorization: []string{basic("ann", admin+" ")}}, "invalid_client", "Basic"},
		"a junk secret in the body":      {caller{form: []string{"client_id", "ann", "client_secret", "x"}}, "invalid_client", "Basic"},
		"an empty secret in the body":    {caller{form: []string{"client_id", "ann", "client_secret", ""}}, "invalid_client", "Basic"},
		"a secret in the body, no ID":    {caller{form: []string{"client_secret", admin}}, "invalid_client", "Basic"},
		"an ID alone in the body":        {caller{form: []string{"client_id", "ann"}}, "invalid_client", "Basic,Bearer"},
		"an assertion in the body":       {caller{form: []string{"client_assertion", admin}}, "invalid_client", "Basic,Bearer"},
		"a token in access_token":        {caller{form: []string{"access_token", admin}}, "invalid_client", "Basic,Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.do(t, c.introspect(vera))
			got.wantError(t, http.StatusUnauthorized, c.code)
			var schemes []string
			for _, challenge := range got.headers["Www-Authenticate"] {
				scheme, _, _ := strings.Cut(challenge, " ")
				schemes = append(schemes, scheme)
			}
			if challenge := strings.Join(schemes, ","); challenge != c.challenge {
				t.Errorf("got the challenges %s, want %s", challenge, c.challenge)
			}
		})
	}
}

// TestReasonIsForTheHolder: only whoever presents the correct token learns why it is refused.
func TestReasonIsForTheHolder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clock.Advance(pattest.Lifetime)
	for token, want := range map[string]pat.Reason{
		f.admin.Secret.Reveal():                  pat.ReasonExpired,
		pattest.Forge(t, f.admin.Token.Selector): pat.ReasonInvalid,
	} {
		if got := f.do(t, introspect(token, "x")).object(t)["error_description"]; got != string(want) {
			t.Errorf("got the description %q, want %q", got, want)
		}
	}
}

// TestTwoCredentials: RFC 6749 §2.3 allows one.
func TestTwoCredentials(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	secret := f.admin.Secret.Reveal()
	bearer, both := "Bearer "+secret, []string{"client_id", "ann", "client_secret", secret}
	for name, c := range map[string]caller{
		"Basic and the body":        {[]string{basic("ann", secret)}, both},
		"Bearer and the body":       {[]string{bearer}, both},
		"junk and the body":         {[]string{"x"}, both},
		"an empty secret":           {[]string{bearer}, []string{"client_secret", ""}},
		"Bearer and an assertion":   {[]string{bearer}, []string{"client_assertion", "x"}},
		"Bearer and access_token":   {[]string{bearer}, []string{"access_token", secret}},
		"secret and access_token":   {nil, append([]string{"access_token", secret}, both...)},
		"two headers":               {[]string{bearer, basic("ann", secret)}, nil},
		"the same header twice":     {[]string{bearer, bearer}, nil},
		"a header and an empty one": {[]string{bearer, ""}, nil},
	} {
		for _, endpoint := range []string{oauth.ResourceIntrospect, oauth.ResourceRevoke} {
			r := c.introspect(f.vera.Secret.Reveal())
			r.resource = endpoint
			t.Run(name+", "+endpoint, func(t *testing.T) {
				t.Parallel()
				f.do(t, r).wantError(t, http.StatusBadRequest, "invalid_request")
			})
		}
	}
	t.Cleanup(func() {
		if _, err := f.service.Check(context.WithoutCancel(t.Context()), f.vera.Secret); err != nil {
			t.Errorf("the token was revoked by a refused request: %v", err)
		}
	})
}

func TestMalformedBasic(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, header := range map[string]string{
		"alone":          "Basic",
		"not base64":     "Basic !!!",
		"no colon":       "Basic " + base64.StdEncoding.EncodeToString([]byte("ann")),
		"another base64": "Basic " + base64.RawURLEncoding.EncodeToString([]byte("ann:?>?>")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.do(t, caller{authorization: []string{header}}.introspect("x")).wantError(t, http.StatusBadRequest, "invalid_request")
		})
	}
}

// TestMadeUpImportedCaller: a token of Unleash has no checksum, so refusing one costs a read where imported ones are accepted.
func TestMadeUpImportedCaller(t *testing.T) {
	t.Parallel()
	for accept, reads := range map[bool]int{true: 1, false: 0} {
		f := newFixtureWith(t, pat.Settings{AcceptImported: accept})
		f.do(t, introspect("user:"+strings.Repeat("0a", 28), "x")).wantError(t, http.StatusUnauthorized, "invalid_token")
		if got := f.store.Count(pattest.CallLookUp); got != reads {
			t.Errorf("accepted %t: got %d reads, want %d", accept, got, reads)
		}
	}
}
