package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"pats/pkg/page"
)

// pageCases are requests for the page, which needs no token and ignores one.
var pageCases = []scenario{
	one("the page", newRequest("GET", page.ResourcePage), aPage),
	one("the page, HEAD", newRequest("HEAD", page.ResourcePage), headOf(aPage)),
	one("the page with a token", newRequest("GET", page.ResourcePage, own), aPage),
	one("the page with a token that is not valid", newRequest("GET", page.ResourcePage, "Authorization: {forged}"), aPage),
	one("the page with a query", newRequest("GET", page.ResourcePage+"?next=https://evil.example/&token=x"), aPage),
	one("the page, POST", newRequest("POST", page.ResourcePage, own), pageRefusal),
	one("the page, OPTIONS", newRequest("OPTIONS", page.ResourcePage), pageRefusal),
	one("the page for another host", newRequest("GET", page.ResourcePage, "X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /evil"), aPage),
	one("an asset of another version", newRequest("GET", "/ui/assets/page.000000000000.js"), oldAsset("text/javascript; charset=utf-8")),
	one("an asset that is not there", newRequest("GET", "/ui/assets/page.html"), noAsset),
	one("below an asset", newRequest("GET", "/ui/assets/page.css/x", own), notThere("/ui/assets/page.css/x")),
}

// pageHeaders returns the headers of every response of the page.
func pageHeaders(contentType, cache string) map[string]string {
	headers := map[string]string{"Content-Type": contentType, "Cache-Control": cache}
	for name, values := range page.Headers() {
		headers[name] = values[0]
	}
	return headers
}

var aPage = expected{status: http.StatusOK, headers: pageHeaders("text/html; charset=utf-8", "public, max-age=3600"), body: pageWith(`[^"]*`)}

// pageUnder expects the page for a client that reaches the API under base.
func pageUnder(base string) expected {
	under := aPage
	under.body = pageWith(regexp.QuoteMeta(base))
	return under
}

// pageWith expects a document that refers to its parts below a base that matches pattern.
func pageWith(pattern string) body {
	parts := regexp.MustCompile(`(?s)<base href="/` + strings.TrimPrefix(pattern, "/") + `">.*"ui/assets/page\.[0-9a-f]{12}\.js"`)
	return func(got response) string {
		if !parts.MatchString(got.body) || strings.Contains(got.body, "evil") {
			return fmt.Sprintf("got %s, want the page, with a match of %s", got.body, parts)
		}
		return ""
	}
}

var (
	pageRefusal = expected{
		status: http.StatusMethodNotAllowed, headers: pageHeaders("text/plain; charset=utf-8", "no-store"), body: text("The page takes GET and HEAD only.\n"),
	}.having("Allow", "GET, HEAD")
	noAsset = expected{
		status: http.StatusNotFound, headers: pageHeaders("text/plain; charset=utf-8", "no-store"), body: text("There is no such file.\n"),
	}
)

// oldAsset expects a file in place of that of another version, which no cache keeps.
func oldAsset(contentType string) expected {
	return expected{status: http.StatusOK, headers: pageHeaders(contentType, "no-store")}
}
