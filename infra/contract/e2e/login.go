package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// loginCases are requests of `pats login` and of its page for consent, on a stack without an identity provider.
var loginCases = []scenario{
	one("the page for consent", newRequest("GET", "/ui/cli?port=1024&state=%3Cb%3Eevil"), consentPage),
	one("the page for consent, POST", newRequest("POST", "/ui/cli"), pageRefusal),
	one("what the page for consent shows", newRequest("GET", "/ui/cli/request?port=40000"), noSignIn),
	one("an approval of a login", newRequest("POST", "/ui/cli/request", jsonBody).with(`{"request":"x"}`), noSignIn),
	one("a redemption of a login", newRequest("POST", "/ui/cli/token", jsonBody).with(`{"code":"x","verifier":"x"}`), noSignIn),
	one("a redemption of a login with a token", newRequest("POST", "/ui/cli/token", own, jsonBody).with(`{"code":"x","verifier":"x"}`), noSignIn),
	one("a login by a path that is not there", newRequest("GET", "/ui/cli/x", own), notThere("/ui/cli/x")),
}

var (
	consentPage = expected{status: http.StatusOK, headers: pageHeaders("text/html; charset=utf-8", "no-store"), body: consentParts}
	noSignIn    = plain(http.StatusNotFound, "NotFoundError", "Sign-in is not available: no identity provider is set up.")
)

var consentPattern = regexp.MustCompile(`<base href="/[^"]*">[\s\S]*"ui/assets/consent\.[0-9a-f]{12}\.js"`)

// consentParts expects the document, which contains nothing of the query.
func consentParts(got response) string {
	if !consentPattern.MatchString(got.body) || strings.Contains(got.body, "evil") {
		return fmt.Sprintf("got %s, want the page for consent", got.body)
	}
	return ""
}
