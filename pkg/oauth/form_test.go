package oauth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"pats/pkg/oauth"
)

// TestBadForms: both endpoints read the same forms.
func TestBadForms(t *testing.T) {
	t.Parallel()
	const formType = "application/x-www-form-urlencoded"
	f := newFixture(t)
	token := "token=" + f.vera.Secret.Reveal()
	encoded := base64.StdEncoding.EncodeToString([]byte(token))
	for name, c := range map[string]struct {
		request request
		status  int
	}{
		"no body":                      {request{}, http.StatusBadRequest},
		"no token":                     {request{body: "token_type_hint=access_token"}, http.StatusBadRequest},
		"an empty token":               {request{body: "token="}, http.StatusBadRequest},
		"a token without a value":      {request{body: "token"}, http.StatusBadRequest},
		"two tokens":                   {request{body: token + "&" + token}, http.StatusBadRequest},
		"an empty second token":        {request{body: token + "&token"}, http.StatusBadRequest},
		"a second token, encoded":      {request{body: token + "&%74oken=x"}, http.StatusBadRequest},
		"two hints":                    {request{body: token + "&token_type_hint=a&token_type_hint=b"}, http.StatusBadRequest},
		"two unknown parameters":       {request{body: token + "&x=1&x=2"}, http.StatusBadRequest},
		"two parameters without names": {request{body: token + "&=1&=2"}, http.StatusBadRequest},
		"a broken escape":              {request{body: token + "&x=%zz"}, http.StatusBadRequest},
		"an escape cut off":            {request{body: token + "&x=%2"}, http.StatusBadRequest},
		"semicolons":                   {request{body: token + ";x=1"}, http.StatusBadRequest},
		"JSON":                         {request{body: `{"token":"x"}`, contentType: "application/json"}, http.StatusBadRequest},
		"JSON as a form":               {request{body: `{"token":"x"}`}, http.StatusBadRequest},
		"a form as text":               {request{body: token, contentType: "text/plain"}, http.StatusBadRequest},
		"a form of parts":              {request{body: token, contentType: "multipart/form-data; boundary=x"}, http.StatusBadRequest},
		"no readable type":             {request{body: token, contentType: "/"}, http.StatusBadRequest},
		"compressed":                   {request{body: token, headers: map[string]string{"Content-Encoding": "gzip"}}, http.StatusBadRequest},
		"not base64":                   {request{body: "!", base64: true}, http.StatusBadRequest},
		"larger than 16 KiB":           {request{body: token + "&x=" + strings.Repeat("x", 16<<10)}, http.StatusRequestEntityTooLarge},
		"larger than 16 KiB, base64":   {request{body: strings.Repeat(encoded, 400), base64: true}, http.StatusRequestEntityTooLarge},
		"of megabytes":                 {request{body: strings.Repeat(token, 1<<16)}, http.StatusRequestEntityTooLarge},
	} {
		for _, endpoint := range []string{oauth.ResourceIntrospect, oauth.ResourceRevoke} {
			t.Run(name+", "+endpoint, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				r := c.request
				r.resource, r.authorization = endpoint, []string{"Bearer " + f.admin.Secret.Reveal()}
				r.body = strings.ReplaceAll(r.body, token, "token="+f.vera.Secret.Reveal())
				f.do(t, r).wantError(t, c.status, "invalid_request")
				if _, err := f.service.Check(t.Context(), f.vera.Secret); err != nil {
					t.Errorf("the refused request revoked the token: %v", err)
				}
			})
		}
	}
	for name, r := range map[string]request{
		"with a charset":       {body: token, contentType: formType + ";charset=UTF-8"},
		"with the type's case": {body: token, contentType: "Application/X-WWW-Form-URLEncoded"},
		"in base64":            {body: encoded, base64: true},
		"of 16 KiB":            {body: token + "&x=" + strings.Repeat("x", 16<<10-len(token)-3)},
		"not compressed":       {body: token, headers: map[string]string{"Content-Encoding": "identity"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.resource, r.authorization = oauth.ResourceIntrospect, []string{"Bearer " + f.admin.Secret.Reveal()}
			if got := f.do(t, r); got.status != http.StatusOK || got.object(t)["active"] != true {
				t.Errorf("got status %d with %s, want an active token", got.status, got.body)
			}
		})
	}
}

// TestQueryIsIgnored: proxies log queries, so a token there must not become a habit.
func TestQueryIsIgnored(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	event := request{resource: oauth.ResourceRevoke}.event()
	event.MultiValueQueryStringParameters = map[string][]string{"token": {f.vera.Secret.Reveal()}}
	got, err := f.handler.Handle(t.Context(), event)
	if err != nil || got.StatusCode != http.StatusBadRequest {
		t.Errorf("got status %d, error %v, want 400", got.StatusCode, err)
	}
	if _, err := f.service.Check(t.Context(), f.vera.Secret); err != nil {
		t.Errorf("the token was revoked: %v", err)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		resource, method string
		status           int
		allow            string
	}{
		{oauth.ResourceIntrospect, http.MethodGet, http.StatusMethodNotAllowed, "POST"},
		{oauth.ResourceIntrospect, http.MethodHead, http.StatusMethodNotAllowed, "POST"},
		{oauth.ResourceIntrospect, http.MethodOptions, http.StatusOK, "POST"},
		{oauth.ResourceRevoke, http.MethodDelete, http.StatusMethodNotAllowed, "POST"},
		{oauth.ResourceRevoke, http.MethodPut, http.StatusMethodNotAllowed, "POST"},
		{oauth.ResourceToken, http.MethodGet, http.StatusMethodNotAllowed, "POST"},
		{oauth.ResourceToken, http.MethodPost, http.StatusBadRequest, ""},
		{oauth.ResourceDiscovery, http.MethodPost, http.StatusMethodNotAllowed, "GET,HEAD"},
		{oauth.ResourceDiscovery, http.MethodOptions, http.StatusOK, "GET,HEAD"},
		{oauth.ResourceDiscovery, http.MethodHead, http.StatusOK, ""},
		{"/oauth/authorize", http.MethodPost, http.StatusNotFound, ""},
	} {
		got := f.do(t, request{method: c.method, resource: c.resource})
		if got.status != c.status || got.headers.Get("Allow") != c.allow {
			t.Errorf("%s %s: got status %d and Allow %q, want %d and %q", c.method, c.resource, got.status, got.headers.Get("Allow"), c.status, c.allow)
		}
	}
}

func TestTokenEndpointGrantsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := request{resource: oauth.ResourceToken, authorization: []string{basic("ann", f.admin.Secret.Reveal())}, body: "grant_type=client_credentials"}
	f.do(t, r).wantError(t, http.StatusBadRequest, "unsupported_grant_type")
}

func TestOriginCanRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const origin = "https://app.example.com"
	got, err := f.handler.AllowOrigin(origin).Handle(t.Context(), introspect(f.admin.Secret.Reveal(), "x").event())
	if err != nil {
		t.Fatal(err)
	}
	if allowed := http.Header(got.MultiValueHeaders).Get("Access-Control-Allow-Origin"); allowed != origin {
		t.Errorf("got the origin %q, want %q", allowed, origin)
	}
	if allowed, found := f.do(t, introspect("x", "x")).headers["Access-Control-Allow-Origin"]; found {
		t.Errorf("without an origin: got %q, want none", allowed)
	}
}
