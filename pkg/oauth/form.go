package oauth

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"pats/pkg/proxy"
)

// maxBody is the largest request body, in bytes. A form with a token and a credential has about 300.
const maxBody = 16 << 10

const formType = "application/x-www-form-urlencoded"

// form is the parameters of a request, none of which is doubled. Unknown ones are ignored (RFC 6749 §3.2).
type form struct {
	values url.Values
}

// readForm reads the parameters from the body, and never from the query, which proxies may log. Errors: a *problem.
func readForm(req request) (form, error) {
	if kind, _, _ := mime.ParseMediaType(req.headers.Get("Content-Type")); kind != formType {
		return form{}, badRequest("The body must be a form, with the content type " + formType + ".")
	}
	if _, compressed := proxy.Compressed(req.headers); compressed {
		return form{}, badRequest("The body must not be compressed.")
	}
	body, err := proxy.Body(req.event, maxBody)
	switch {
	case errors.Is(err, proxy.ErrTooLarge):
		return form{}, &problem{status: http.StatusRequestEntityTooLarge, code: invalidRequest, description: "The body is larger than 16 KiB."}
	case err != nil:
		return form{}, badRequest("The body is not valid base64.")
	}
	return parseForm(string(body))
}

// parseForm parses a body. Errors: a *problem.
func parseForm(body string) (form, error) {
	values, err := url.ParseQuery(body)
	if err != nil {
		return form{}, badRequest("The body is not a valid form.") // err quotes the body
	}
	for _, given := range values {
		if len(given) > 1 {
			return form{}, badRequest("A parameter is repeated.") // RFC 6749 §3.2
		}
	}
	return form{values}, nil
}

func (f form) get(name string) string { return f.values.Get(name) }

func (f form) has(name string) bool { return f.values.Has(name) }

// submission is what both endpoints take.
type submission struct {
	token  string
	caller credential
	// descendants is set by descendants=true, an extension of revocation.
	descendants bool
}

// readSubmission reads the token, and the caller's credential, which it does not check. The parameter token_type_hint changes nothing,
// since there is one type of token. Errors: a *problem.
func readSubmission(req request) (submission, error) {
	parsed, err := readForm(req)
	if err != nil {
		return submission{}, err
	}
	caller, err := readCredential(req.headers, parsed)
	if err != nil {
		return submission{}, err
	}
	token := parsed.get("token")
	if token == "" {
		return submission{}, badRequest("The parameter token is missing.")
	}
	return submission{token, caller, parsed.get("descendants") == "true"}, nil
}
