package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
)

const (
	introspectPath = "/oauth/introspect"
	revokePath     = "/oauth/revoke"
	grantPath      = "/oauth/token"
	metadataPath   = "/.well-known/openid-configuration"
	formBody       = "Content-Type: application/x-www-form-urlencoded"
	oauthType      = "application/json"
)

// introspect returns an introspection by an Admin.
func introspect(form string, headers ...string) request {
	if headers == nil {
		headers = []string{"Authorization: Bearer {admin}"}
	}
	return request{http.MethodPost, introspectPath, append(headers, formBody), form}
}

// revokeHeld returns a revocation by whoever has the token.
func revokeHeld(form string, headers ...string) request {
	return request{http.MethodPost, revokePath, append(headers, formBody), form}
}

func basicOf(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
}

// active expects the introspection of a token that was created a moment ago and expires in an hour. An empty username, scope or role
// must be absent. The texts can contain {placeholders}.
func active(user, username, scope, role string, token int) expected {
	want := map[string]any{"active": true, "sub": user, "token_type": "Bearer", "token_id": float64(token)}
	for name, text := range map[string]string{"username": username, "scope": scope, "role": role} {
		if text != "" {
			want[name] = text
		}
	}
	text, err := json.Marshal(want)
	if err != nil {
		text = []byte(err.Error())
	}
	return expected{
		status: http.StatusOK, headers: map[string]string{"Content-Type": oauthType, "Cache-Control": "no-store"},
		like: string(text), change: withoutTimes,
	}
}

// withoutTimes returns the body of an introspection without exp and iat, if they are an hour apart and iat has passed, and with its
// members in order.
func withoutTimes(body string) string {
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		return body
	}
	exp, _ := got["exp"].(float64)
	iat, _ := got["iat"].(float64)
	if now := float64(time.Now().Unix()); iat > now || exp-iat < 3598 || exp-iat > 3600 {
		return body
	}
	delete(got, "exp")
	delete(got, "iat")
	text, err := json.Marshal(got)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

var inactive = expected{
	status: http.StatusOK, headers: map[string]string{"Content-Type": oauthType, "Cache-Control": "no-store"}, body: text(`{"active":false}`),
}

// oauthError expects an error of RFC 6749 with code.
func oauthError(status int, code string) expected {
	return expected{
		status: status, headers: map[string]string{"Content-Type": oauthType, "Cache-Control": "no-store"},
		body: func(got response) string {
			var shown struct {
				Error       string `json:"error"`
				Description string `json:"error_description"`
			}
			if err := strict(got.body, &shown); err != nil || shown.Description == "" {
				return fmt.Sprintf("got %s, want an error with a description", got.body)
			}
			return cmp.Diff(code, shown.Error)
		},
	}
}

// metadata expects the addresses of an API at base.
func metadata(base string) expected {
	return expected{
		status: http.StatusOK, headers: map[string]string{"Content-Type": oauthType},
		like: `{"issuer":"` + base + `","token_endpoint":"` + base + grantPath + `","introspection_endpoint":"` + base + introspectPath + `",` +
			`"introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","Bearer"],` +
			`"revocation_endpoint":"` + base + revokePath + `","revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"]}`,
	}
}

var (
	ownActive   = active("{user}", "{ownName}", "", "Editor", 1)
	badClient   = oauthError(http.StatusUnauthorized, "invalid_client")
	badBearer   = oauthError(http.StatusUnauthorized, "invalid_token")
	badOAuth    = oauthError(http.StatusBadRequest, "invalid_request")
	badMethodOf = oauthError(http.StatusMethodNotAllowed, "invalid_request")
)

// oauthCases are requests for the OAuth routes, which have no authorizer.
var oauthCases = []scenario{
	{"an Admin introspects tokens in both spellings", []step{
		{request: introspect("token={token}"), want: ownActive},
		{request: introspect("token={pats}&token_type_hint=access_token"), want: ownActive},
		{request: introspect("token={tokenForm}"), want: ownActive},
	}},
	{"every kind of credential", []step{
		{request: introspect("token={token}", "Authorization: {admin}"), want: ownActive},
		{request: introspect("token={token}", "Authorization: bearer  {adminPats}"), want: ownActive},
		{request: introspect("token={token}", "Authorization: Basic {adminBasic}"), want: ownActive},
		{request: introspect("token={token}", "Authorization: Basic {adminFormBasic}"), want: ownActive},
		{request: introspect("token={token}&client_id={adminID}&client_secret={adminForm}", "X-Empty: x"), want: ownActive},
		{request: introspect("token={token}&client_id={adminName}&client_secret={adminPats}", "X-Empty: x"), want: ownActive},
	}},
	{"tokens that are not valid", []step{
		{request: introspect("token={revoked}"), want: inactive},
		{request: introspect("token={expired}"), want: inactive},
		{request: introspect("token={disabled}"), want: inactive},
		{request: introspect("token={deleted}"), want: inactive},
		{request: introspect("token={forged}"), want: inactive},
		{request: introspect("token={stranger}"), want: inactive},
		{request: introspect("token={mistyped}"), want: inactive},
		{request: introspect("token=junk"), want: inactive},
	}},
	one("introspection with the admin API token", introspect("token={token}", "Authorization: {adminToken}"), badBearer),
	one("introspection of the admin API token", introspect("token={adminToken}"), inactive),
	one("introspection without a caller", introspect("token={token}", "X-Empty: x"), badClient),
	one("introspection by an expired caller", introspect("token={token}", "Authorization: Bearer {expired}"), badBearer),
	one("introspection by a junk caller", introspect("token={token}", "Authorization: Basic e30="), badOAuth),
	one("introspection by the wrong client", introspect("token={token}&client_id={user}&client_secret={admin}", "X-Empty: x"), badClient),
	one("introspection by an Editor", introspect("token={token}", own), oauthError(http.StatusForbidden, "insufficient_scope")),
	one("introspection with two credentials", introspect("token={token}&client_id={adminID}&client_secret={admin}", "Authorization: Bearer {admin}"), badOAuth),
	one("introspection of two tokens", introspect("token={token}&token={token}"), badOAuth),
	one("introspection of no token", introspect("token="), badOAuth),
	one("introspection without a body", introspect(""), badOAuth),
	one("introspection with a broken escape", introspect("token=%zz"), badOAuth),
	one("introspection of 17 KiB", introspect("token={token}&x="+strings.Repeat("x", 17<<10)), oauthError(http.StatusRequestEntityTooLarge, "invalid_request")),
	one("introspection with JSON", request{http.MethodPost, introspectPath, []string{"Authorization: {admin}", jsonBody}, `{"token":"x"}`}, badOAuth),
	one("introspection with GET", newRequest(http.MethodGet, introspectPath+"?token=x", "Authorization: {admin}"), badMethodOf),
	one("OPTIONS of introspection", newRequest(http.MethodOptions, introspectPath), allows(http.MethodPost)),
	{"whoever has a token revokes it, and nothing else", []step{
		{request: create(good), want: made},
		{request: revokeHeld("token={token}"), want: done},
		{request: introspect("token={token}"), want: inactive},
		{request: revokeHeld("token={token}"), want: done},
		{request: list(own), want: ended(pat.ReasonInvalid)},
		{request: list("Authorization: {made}"), want: tokens("laptop")},
	}},
	{"of a replaced secret the revocation takes that alone", []step{
		{request: rotate("self", ""), want: renewed(1, "own", "TIME")},
		{request: revokeHeld("token={pats}", "Authorization: Basic {viewerBasic}"), want: done},
		{request: introspect("token={token}"), want: inactive},
		{request: presented("GET").as("{made}"), want: withoutOverlap(showsToken(1, "own", "TIME", true))},
	}},
	one("revocation of junk", revokeHeld("token=junk&token_type_hint=refresh_token"), done),
	one("revocation of two tokens", revokeHeld("token={token}&token={viewer}"), badOAuth),
	one("revocation of no token", revokeHeld(""), badOAuth),
	one("revocation with two credentials", revokeHeld("token={token}&client_secret=x", "Authorization: Bearer x"), badOAuth),
	one("revocation with DELETE", newRequest(http.MethodDelete, revokePath), badMethodOf),
	one("a grant", request{http.MethodPost, grantPath, []string{formBody}, "grant_type=client_credentials"}, oauthError(http.StatusBadRequest, "unsupported_grant_type")),
	one("the metadata", newRequest(http.MethodGet, metadataPath), metadata("{url}").ministack("requests have no domain name", metadata("https:///prod"))),
	one("the metadata with HEAD", newRequest(http.MethodHead, metadataPath), headOf(metadata("{url}"))),
	one("the metadata with POST", newRequest(http.MethodPost, metadataPath), badMethodOf),
}
