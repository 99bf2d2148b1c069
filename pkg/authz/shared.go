package authz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

// The reasons for which Shared denies a valid token. They are fixed sentences, since gateway responses escape nothing.
const (
	// ReasonScope: the API's route map has no route for the scopes that the token carries.
	ReasonScope pat.Reason = "The token does not have the scope that this API requires."
	// ReasonRoutes: the API's route map is missing, invalid or too long. The log says which.
	ReasonRoutes pat.Reason = "The API does not declare its routes correctly."
	// ReasonSwitchedOff: the kill switch is set.
	ReasonSwitchedOff pat.Reason = "Tokens are not accepted at present."
)

// SharedSettings are the settings of a Shared.
type SharedSettings struct {
	// Enabled is the kill switch: if false, every event is denied without a read.
	Enabled bool
	// RequireRoutes denies every event of an API without a route map, and so every TOKEN event.
	RequireRoutes bool
	// TokenParameter is the name of the query parameter in which a WebSocket client can present its token, or empty for none. URLs get
	// into the logs of others.
	TokenParameter string
}

// Shared authorizes the requests to other APIs: REST APIs, HTTP APIs and WebSocket APIs, by any kind of authorizer event. Its policies
// and claims say who the caller is and which scopes the token carries. It is safe for concurrent use.
//
// An API can declare in its stage variable patsScopes which routes a scope opens; see parseRoutes for the form. Without such a map,
// every valid token is allowed to call every route of the stage, and the API's handlers check the claim scope.
type Shared struct {
	service  *pat.Service
	settings SharedSettings
	log      *slog.Logger
}

// NewShared returns a Shared for the tokens of service.
func NewShared(service *pat.Service, settings SharedSettings, log *slog.Logger) *Shared {
	return &Shared{service: service, settings: settings, log: log}
}

// maxResponseBytes is API Gateway's limit for an authorizer's response:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const maxResponseBytes = 8 << 10

var errTooLarge = fmt.Errorf("the policy for the stage variable patsScopes would make the response larger than %d bytes", maxResponseBytes)

// Invoke handles an event and returns the response to it, both as JSON; it implements lambda.Handler. It allows a valid token, with its
// [claims.Claims], and denies any other one, and the admin API token, with a [pat.Reason]. If the token cannot be checked, or the event is not
// an authorizer's, Invoke fails, which API Gateway turns into a 500: it fails closed.
func (s *Shared) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			response, err = s.fail(ctx, fmt.Errorf("panic: %v", fault))
		}
	}()
	request, err := parseRequest(payload)
	if err != nil {
		return s.fail(ctx, err)
	}
	ctx, cancel := pat.WithTimeToRespond(ctx)
	defer cancel()
	authorized, err := s.authorize(ctx, request)
	if err != nil {
		return s.refuse(ctx, request, err)
	}
	response, err = json.Marshal(authorized)
	switch {
	case err != nil:
		return s.fail(ctx, err)
	case len(response) > maxResponseBytes:
		return s.refuse(ctx, request, pat.Refused(ReasonRoutes, errTooLarge))
	}
	return response, nil
}

// refuse returns a response that denies every method of the stage, if err is a KindUnauthenticated, and logs why. If it is any other
// error, it fails.
func (s *Shared) refuse(ctx context.Context, request *sharedRequest, err error) ([]byte, error) {
	refusal, ok := errors.AsType[*pat.Error](err)
	if !ok || refusal.Kind != pat.KindUnauthenticated {
		return s.fail(ctx, err)
	}
	return json.Marshal(s.deny(ctx, request, nil, refusal))
}

func (s *Shared) fail(ctx context.Context, err error) ([]byte, error) {
	s.log.ErrorContext(ctx, "checking the token failed", "cause", err.Error())
	return nil, errFailed
}

// sharedRequest is an event of a known kind.
type sharedRequest struct {
	sharedEvent
	kind  kind
	stage string
}

func parseRequest(payload []byte) (*sharedRequest, error) {
	event, err := parseEvent(payload)
	if err != nil {
		return nil, err
	}
	of, stage, err := event.source()
	return &sharedRequest{sharedEvent: event, kind: of, stage: stage}, err
}

var errSwitchedOff = errors.New("SharedAuthorizerEnabled is false")

// authorize returns the response for a valid token. Errors: KindUnauthenticated with a Reason, KindUnavailable.
func (s *Shared) authorize(ctx context.Context, request *sharedRequest) (sharedResponse, error) {
	if !s.settings.Enabled {
		return sharedResponse{}, pat.Refused(ReasonSwitchedOff, errSwitchedOff)
	}
	routes, mapped, err := s.routes(request)
	if err != nil {
		return sharedResponse{}, pat.Refused(ReasonRoutes, err)
	}
	holder, err := s.check(ctx, request)
	if err != nil {
		return sharedResponse{}, err
	}
	granted := s.service.Granted(holder)
	response := sharedResponse{
		PrincipalID: pat.Principal{Kind: pat.HolderUser, Identity: holder.Identity()}.Name(),
		Context:     newContext(holder, granted),
	}
	if mapped {
		return s.allowRoutes(ctx, request, response, carried(routes, granted)), nil
	}
	response.PolicyDocument = policy(effectAllow, everything(request.stage))
	response.IsAuthorized = request.simple(true)
	return response, nil
}

var (
	errNoRoutes     = errors.New("RequireRoutes is true, and the event has no stage variable patsScopes; events of TOKEN authorizers never have one")
	errWebSocketMap = errors.New("the stage variable patsScopes cannot name a route of a WebSocket API")
)

// routes returns the route map of the request's API, and whether it has one.
func (s *Shared) routes(request *sharedRequest) (routes []route, mapped bool, err error) {
	text, mapped := request.routeMap()
	switch {
	case !mapped && s.settings.RequireRoutes:
		return nil, false, errNoRoutes
	case !mapped:
		return nil, false, nil
	case request.kind == webSocket:
		return nil, true, errWebSocketMap
	}
	routes, err = parseRoutes(text)
	if err != nil {
		err = fmt.Errorf("the stage variable patsScopes: %w", err)
	}
	return routes, true, err
}

// check returns the holder of the token that the request presents. Errors: KindUnauthenticated, KindUnavailable.
func (s *Shared) check(ctx context.Context, request *sharedRequest) (pat.Holder, error) {
	text, err := request.authorization(request.kind, s.settings.TokenParameter)
	if err != nil {
		return pat.Holder{}, pat.Refused(pat.ReasonInvalid, err)
	}
	secret, err := pat.ParseForeignSecret(pat.BareToken(text)) // Check refuses imported tokens if they are not accepted
	if err != nil {
		return pat.Holder{}, err
	}
	return s.service.Check(ctx, secret)
}

// carried returns the routes that one of scopes opens.
func carried(routes []route, scopes []pat.Scope) []route {
	return slices.DeleteFunc(routes, func(r route) bool { return !slices.Contains(scopes, r.scope) })
}

// allowRoutes completes the response so that it allows the routes and nothing else.
func (s *Shared) allowRoutes(ctx context.Context, request *sharedRequest, response sharedResponse, routes []route) sharedResponse {
	if len(routes) == 0 {
		return s.deny(ctx, request, response.Context.Strings, pat.Refused(ReasonScope, nil))
	}
	var resources []string
	for _, r := range routes {
		resources = append(resources, r.resources(request.stage)...)
	}
	response.PolicyDocument = policy(effectAllow, resources)
	response.IsAuthorized = request.simple(s.allowsRouteKey(ctx, request, routes))
	return response
}

// allowsRouteKey reports whether a simple response may allow the request. An HTTP API applies it to all of the stage's requests with the
// same identity sources, so the route key must be one of them.
func (s *Shared) allowsRouteKey(ctx context.Context, request *sharedRequest, routes []route) bool {
	if request.kind != httpV2 {
		return false
	}
	if !request.cachedByRoute() {
		s.log.InfoContext(ctx, "a simple response would deny: $context.routeKey is not among the authorizer's identity sources", "stage", request.stage)
		return false
	}
	return slices.ContainsFunc(routes, func(r route) bool { return r.covers(request.RouteKey) })
}

// simple returns the value of isAuthorized in the response.
func (r *sharedRequest) simple(allowed bool) *bool {
	if r.kind != httpV2 {
		return nil
	}
	return &allowed
}

// deny returns a response that denies every method of the stage, and logs why. It has claims only if the token is valid.
func (s *Shared) deny(ctx context.Context, request *sharedRequest, texts *claims.Strings, refusal *pat.Error) sharedResponse {
	attributes := []any{"reason", refusal.Message, "kind", string(request.kind), "stage", request.stage}
	if refusal.Err != nil {
		attributes = append(attributes, "cause", refusal.Err.Error())
	}
	s.log.InfoContext(ctx, "denied", attributes...)
	return sharedResponse{
		PrincipalID:    nobody,
		PolicyDocument: policy(effectDeny, everything(request.stage)),
		IsAuthorized:   request.simple(false),
		Context:        sharedContext{Strings: texts, Reason: pat.Reason(refusal.Message)},
	}
}
