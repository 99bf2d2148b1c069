package session

import (
	"errors"
	"html"
	"mime"
	"net/http"
	"net/url"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/proxy"
)

// UnavailableMessage tells a user that this service has no identity provider.
const UnavailableMessage = "Sign-in is not available: no identity provider is set up."

// policy is for responses that load nothing.
const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// SecurityHeaders returns the headers of every response of the functions for browsers but the page's own.
func SecurityHeaders() http.Header { return proxy.BrowserHeaders(policy) }

// Redirect returns a response that sends the browser to location with GET.
func Redirect(headers http.Header, location string) events.APIGatewayProxyResponse {
	headers.Set("Location", location)
	return proxy.Response(http.StatusSeeOther, headers, nil, "")
}

// Notice returns a page with a message, for failures that no script of the page sees, and a link to try again at path. It needs no
// styles, so that the functions for sign-in do not contain the page.
func Notice(status int, headers http.Header, title, message, path string) events.APIGatewayProxyResponse {
	headers.Set("Content-Type", "text/html; charset=utf-8")
	body := `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
		`<meta name="color-scheme" content="light dark"><title>` + html.EscapeString(title) + `</title><main><h1>` +
		html.EscapeString(title) + `</h1><p>` + html.EscapeString(message) + `</p><p><a href="` + html.EscapeString(path) +
		`">Try again</a></p></main></html>`
	return proxy.Response(status, headers, []byte(body), "")
}

var errContentType = errors.New("the request does not declare JSON")

// CheckOrigin checks that a page of the stack's own origin sent the request, if it can change anything: browsers send the cookie with
// requests of other pages too. It must also declare JSON, which no form does, and for which a page of another origin needs a permission
// that this stack does not grant.
func CheckOrigin(event events.APIGatewayProxyRequest) error {
	headers := proxy.Header(event)
	r := &http.Request{Method: event.HTTPMethod, Header: headers, Host: event.RequestContext.DomainName, URL: &url.URL{Path: event.Path}}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return err
	}
	switch event.HTTPMethod {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if kind, _, _ := mime.ParseMediaType(headers.Get("Content-Type")); kind != "application/json" {
		return errContentType
	}
	return nil
}
