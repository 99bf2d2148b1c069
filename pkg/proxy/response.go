package proxy

import (
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// ExposedHeaders are the response headers that a script of another origin can read (https://fetch.spec.whatwg.org/#http-cors-protocol),
// besides Cache-Control, Content-Length and Content-Type.
const ExposedHeaders = "ETag,Link,Location,Retry-After,WWW-Authenticate,X-Amzn-Remapped-WWW-Authenticate,X-Amzn-RequestId"

// Response returns the response to an event. No browser guesses its type, no cache keeps it unless headers say otherwise, and scripts of
// origin can read it, if there is one, or those of any origin for "*". It allows no credentials, since a token is in a header that a
// script sets. It adds to headers, which can be nil.
func Response(status int, headers http.Header, body []byte, origin string) events.APIGatewayProxyResponse {
	if headers == nil {
		headers = http.Header{}
	}
	headers.Set("X-Content-Type-Options", "nosniff")
	if headers.Get("Cache-Control") == "" {
		headers.Set("Cache-Control", "no-store")
	}
	if origin != "" {
		headers.Set("Access-Control-Allow-Origin", origin)
		headers.Set("Access-Control-Expose-Headers", ExposedHeaders)
	}
	return events.APIGatewayProxyResponse{StatusCode: status, MultiValueHeaders: headers, Body: string(body)}
}

// BrowserHeaders returns the headers of responses that a browser can show: they load what the Content Security Policy lets them, no other
// page can frame them, and no other site learns their addresses.
func BrowserHeaders(policy string) http.Header {
	return http.Header{
		"Content-Security-Policy":      {policy},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Referrer-Policy":              {"same-origin"},
		"X-Content-Type-Options":       {"nosniff"},
		"X-Frame-Options":              {"DENY"}, // for browsers without frame-ancestors
	}
}
