package api

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
)

// Identify returns who sent a request. Its errors become the response, and the request is not served.
type Identify func(events.APIGatewayProxyRequest) (pat.Principal, error)

// claimed returns the caller whom the authorizer let through.
func claimed(event events.APIGatewayProxyRequest) (pat.Principal, error) {
	return pat.ParseClaims(event.RequestContext.Authorizer)
}

// Under returns a handler that serves the resources of handlers under prefix, for callers whom identify returns, without an authorizer.
// It leaves out those that no caller has to be known for, and those of the token presented.
func Under(prefix string, identify Identify, handlers ...*Handler) *Handler {
	under := *handlers[0]
	under.routes, under.identify = routes{}, identify
	for _, h := range handlers {
		for resource, route := range h.routes {
			if route.access != forAll && !slices.Contains(ofPresentedToken, resource) {
				under.routes[prefix+resource] = route
			}
		}
	}
	return &under
}

var ofPresentedToken = []string{ResourceTokenSelf, ResourceTokenSelfRotate}

// Resources returns the resources that h serves, in order.
func (h *Handler) Resources() []string { return slices.Sorted(maps.Keys(h.routes)) }

// Refuse returns the response to a request that failed with err, as Handle does.
func (h *Handler) Refuse(ctx context.Context, event events.APIGatewayProxyRequest, err error) events.APIGatewayProxyResponse {
	return h.fail(ctx, newRequest(event), err).event(h.origin)
}
