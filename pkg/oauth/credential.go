package oauth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pats/pkg/pat"
)

// credential is what a caller presents to prove who it is. The zero value is none.
type credential struct {
	// token is the caller's token, or empty.
	token string
	// client is set if an ID was presented with the token, as by an OAuth client: the user ID or the username of the token's user.
	client bool
	id     string
	// encoded is set if id and token may be form-encoded. RFC 6749 §2.3.1 requires it in Basic, and many clients do not.
	encoded bool
}

// The parameters that are credentials: of RFC 6749 §2.3.1, RFC 7521 §4.2 and RFC 6750 §2.2. Only the first is supported.
const (
	clientSecret    = "client_secret"
	clientAssertion = "client_assertion"
	accessToken     = "access_token"
)

// readCredential returns the credential of a request, from the header Authorization or the form. Errors: a *problem if it has more than
// one, or a malformed one.
func readCredential(headers http.Header, f form) (credential, error) {
	values := headers.Values("Authorization")
	count := len(values)
	for _, name := range []string{clientSecret, clientAssertion, accessToken} {
		if f.has(name) {
			count++
		}
	}
	switch {
	case count > 1:
		return credential{}, badRequest("The request has more than one credential.") // RFC 6749 §2.3
	case len(values) == 1:
		return parseAuthorization(values[0])
	case f.has(clientSecret):
		return credential{token: f.get(clientSecret), client: true, id: f.get("client_id")}, nil
	}
	return credential{}, nil
}

// parseAuthorization returns the credential in a header. Errors: a *problem.
func parseAuthorization(header string) (credential, error) {
	scheme, value, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return credential{token: pat.BareToken(header)}, nil
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimLeft(value, " "))
	if err != nil {
		return credential{}, badRequest("The header Authorization is not valid Basic authentication.")
	}
	id, token, found := strings.Cut(string(pair), ":")
	if !found {
		return credential{}, badRequest("The header Authorization has no colon between the client ID and the secret.")
	}
	return credential{token: token, client: true, id: id, encoded: true}, nil
}

// authenticate returns the holder of the credential's token, after one read, or none if it does not have the form of a token. Errors: a
// *problem for a credential that is not valid; KindUnavailable.
func (h *Handler) authenticate(ctx context.Context, c credential) (pat.Holder, error) {
	secret, err := c.secret()
	if err != nil {
		return pat.Holder{}, c.refused(err)
	}
	holder, err := h.service.Check(ctx, secret)
	switch {
	case pat.KindOf(err) == pat.KindUnauthenticated:
		return pat.Holder{}, c.refused(err)
	case err != nil:
		return pat.Holder{}, err
	case c.client && !c.names(holder.Account):
		return pat.Holder{}, c.refused(pat.Refused(pat.ReasonInvalid, errOtherClient))
	}
	return holder, nil
}

// secret returns the token as a Secret. No token contains a character that a form encodes differently in one spelling, so both readings
// cannot be tokens. Errors: KindUnauthenticated.
func (c credential) secret() (pat.Secret, error) {
	secret, err := pat.ParseForeignSecret(c.token) // Service.Check refuses imported tokens if they are not accepted
	if err != nil && c.encoded {
		return pat.ParseForeignSecret(decoded(c.token))
	}
	return secret, err
}

// names reports whether the ID is the user ID or the username of account.
func (c credential) names(account pat.Account) bool {
	is := func(id string) bool {
		return id == strconv.FormatInt(int64(account.ID), 10) || id != "" && id == account.Username
	}
	return is(c.id) || c.encoded && is(decoded(c.id))
}

// decoded returns text without its form encoding, or unchanged if it is not form-encoded.
func decoded(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
