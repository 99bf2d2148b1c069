// Package page serves the page on which people manage their tokens, and Admins those of others: one HTML document and one
// script, which calls the API. It contains no user's data and reads no store.
package page

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/proxy"
)

// The resources of the page, as template.yaml spells them.
const (
	ResourcePage  = "/"
	ResourceAsset = "/ui/assets/{file}"
	// ResourceConsent is where a user lets `pats login` have a token.
	ResourceConsent = "/ui/cli"
)

// How long browsers keep what they get.
const (
	// cacheDocument makes a view within the hour cost no request. An update of the stack reaches every browser within that time.
	cacheDocument = "public, max-age=3600"
	// cacheAsset is for a file whose name contains the hash of its content (RFC 8246).
	cacheAsset = "public, max-age=31536000, immutable"
	cacheNone  = "no-store"
)

const plainText = "text/plain; charset=utf-8"

// Handler handles the events of the page's resources. It is safe for concurrent use.
type Handler struct {
	document document
	consent  document
	// assets are by the name without the hash, such as page.js.
	assets map[string]asset
}

// New returns a handler of the page with settings.
func New(settings Settings) *Handler {
	script := newAsset("page.js", "text/javascript; charset=utf-8", scripts(pageModules))
	consent := newAsset("consent.js", "text/javascript; charset=utf-8", scripts(consentModules))
	return &Handler{
		document: newDocument("page.html", settings, script),
		consent:  newDocument("consent.html", settings, consent),
		assets:   map[string]asset{script.name: script, consent.name: consent},
	}
}

// Handle handles one event. The error is always nil.
func (h *Handler) Handle(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	resp := h.serve(event)
	headers := Headers()
	headers.Set("Content-Type", resp.contentType)
	headers.Set("Cache-Control", resp.cache)
	if resp.status == http.StatusMethodNotAllowed {
		headers.Set("Allow", "GET, HEAD")
	}
	return events.APIGatewayProxyResponse{StatusCode: resp.status, MultiValueHeaders: headers, Body: resp.body}, nil
}

type response struct {
	status      int
	contentType string
	cache       string
	body        string
}

func (h *Handler) serve(event events.APIGatewayProxyRequest) response {
	if event.HTTPMethod != http.MethodGet && event.HTTPMethod != http.MethodHead {
		return response{http.StatusMethodNotAllowed, plainText, cacheNone, "The page takes GET and HEAD only.\n"}
	}
	switch event.Resource {
	case ResourcePage:
		return response{http.StatusOK, "text/html; charset=utf-8", cacheDocument, h.document.render(proxy.Base(event))}
	case ResourceConsent:
		return response{http.StatusOK, "text/html; charset=utf-8", cacheNone, h.consent.render(proxy.Base(event))}
	case ResourceAsset:
		return h.asset(event.PathParameters["file"])
	}
	return notFound()
}

func notFound() response {
	return response{http.StatusNotFound, plainText, cacheNone, "There is no such file.\n"}
}

// asset returns a file by its name with a hash. While an update rolls out, a browser with the document of one version can ask the
// function of another: it gets the file that this version has, and does not keep it.
func (h *Handler) asset(file string) response {
	name, hash, ok := parseAssetName(file)
	found, exists := h.assets[name]
	if !ok || !exists {
		return notFound()
	}
	cache := cacheAsset
	if hash != found.hash {
		cache = cacheNone
	}
	return response{http.StatusOK, found.contentType, cache, found.body}
}
