package session

import (
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/proxy"
)

// Site is the address under which a browser sees the stack.
type Site struct {
	// Origin is scheme, host and port, such as https://pats.example.com.
	Origin string
	// Base is the path before those of the template: a stage or a base path, such as /prod, or empty.
	Base string
}

// SiteOf returns the address that a request was sent to, or that of public, if it is set: the setting PublicUrl. A request to a loopback
// address is taken for one without TLS, and every other one for one with TLS, as API Gateway requires.
func SiteOf(event events.APIGatewayProxyRequest, public string) Site {
	if public, err := url.Parse(strings.TrimRight(public, "/")); err == nil && public.Host != "" {
		return Site{public.Scheme + "://" + public.Host, public.EscapedPath()}
	}
	scheme, host := "https", event.RequestContext.DomainName
	if isLoopback(host) {
		scheme = "http"
	}
	return Site{scheme + "://" + host, strings.TrimSuffix(proxy.Base(event), "/")}
}

func isLoopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Secure reports whether the browser uses TLS.
func (s Site) Secure() bool { return strings.HasPrefix(s.Origin, "https://") }

// Path returns a path of the template as the browser sees it, such as /prod/ui/enter.
func (s Site) Path(path string) string { return s.Base + path }

// URL returns the whole address of a path of the template.
func (s Site) URL(path string) string { return s.Origin + s.Path(path) }

// Serves reports whether event was sent to this address, and not to another one of the same stack.
func (s Site) Serves(event events.APIGatewayProxyRequest) bool {
	return s.Origin == SiteOf(event, "").Origin
}

// LocalPath returns next if it is a path of the template that a sign-in may end at, or "/" otherwise, so that no link to the sign-in leads
// anywhere else.
func LocalPath(next string) string {
	path, _, _ := strings.Cut(next, "?")
	if path == ConsentPath && !strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' || r == '#' }) {
		return next
	}
	return "/"
}

// The paths of the functions for browsers, as template.yaml spells them.
const (
	LoginPath    = "/ui/login"
	CallbackPath = "/ui/callback"
	EnterPath    = "/ui/enter"
	SessionPath  = "/ui/session"
	SignOutPath  = "/ui/sign-out"
	// ConsentPath is the page on which a user lets `pats login` have a token.
	ConsentPath = "/ui/cli"
	// ConsentRequestPath is what that page reads, and where it sends the user's approval.
	ConsentRequestPath = "/ui/cli/request"
	// RedeemPath is where `pats login` gets the token.
	RedeemPath = "/ui/cli/token"
	// APIPrefix begins the paths of the API for sessions; those without it are the paths for tokens.
	APIPrefix = "/ui"
)
