package session_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/session"
)

func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	const host, contentJSON, form = "pats.example", "application/json", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, site, origin, contentType string
		allowed                           bool
	}{
		"the stack's page":                      {http.MethodPost, "same-origin", "https://" + host, contentJSON, true},
		"the stack's page with a charset":       {http.MethodPost, "same-origin", "https://" + host, contentJSON + "; charset=utf-8", true},
		"the stack's page with a form":          {http.MethodPost, "same-origin", "https://" + host, form, false},
		"the stack's page without content type": {http.MethodDelete, "same-origin", "https://" + host, "", false},
		"a page of the same site":               {http.MethodPost, "same-site", "https://sub." + host, contentJSON, false},
		"another site's page":                   {http.MethodPost, "cross-site", "https://evil.example", contentJSON, false},
		"another site's page that reads":        {http.MethodGet, "cross-site", "https://evil.example", "", true}, // it cannot see the response
		"an unknown kind of site":               {http.MethodPost, "other", "https://" + host, contentJSON, false},
		"an old browser":                        {http.MethodPut, "", "https://" + host, contentJSON, true},
		"an old browser on another page":        {http.MethodPut, "", "https://evil.example", contentJSON, false},
		"an old browser in a sandbox":           {http.MethodPut, "", "null", contentJSON, false},
		"a method of no kind":                   {"PROPFIND", "cross-site", "", contentJSON, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := events.APIGatewayProxyRequest{HTTPMethod: c.method, Path: session.SignOutPath, MultiValueHeaders: http.Header{}}
			event.RequestContext.DomainName = host
			for header, value := range map[string]string{"sec-fetch-site": c.site, "origin": c.origin, "content-type": c.contentType} {
				if value != "" {
					event.MultiValueHeaders[header] = []string{value}
				}
			}
			if err := session.CheckOrigin(event); (err == nil) != c.allowed {
				t.Errorf("got error %v, want allowed %t", err, c.allowed)
			}
		})
	}
}
