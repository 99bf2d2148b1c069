package page

import (
	"net/http"

	"pats/pkg/proxy"
)

// policy lets the page load its own stylesheet and script, call its own origin, and nothing else. Scripts cannot turn text into HTML or
// code, and no other page can frame it. The only image is the icon, which is in the document, so no image is ever requested. form-action
// would also apply to the redirects after a form's request, so nothing depends on forms that navigate.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; " +
	"base-uri 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Headers returns the security headers of every response that a browser shows or runs.
func Headers() http.Header { return proxy.BrowserHeaders(policy) }
