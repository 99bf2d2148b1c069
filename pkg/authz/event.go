package authz

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// sharedEvent is an authorizer's event from any kind of API, with the members that Shared uses. The kinds are documented at
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html and
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html.
type sharedEvent struct {
	Type               string         `json:"type"`
	MethodARN          string         `json:"methodArn"`
	RouteARN           string         `json:"routeArn"`
	RouteKey           string         `json:"routeKey"`
	AuthorizationToken string         `json:"authorizationToken"`
	IdentitySource     identitySource `json:"identitySource"`
	Headers            headers        `json:"headers"`
	MultiValueHeaders  headers        `json:"multiValueHeaders"`
	StageVariables     struct {
		Routes values `json:"patsScopes"`
	} `json:"stageVariables"`
	// payload is the whole event. A request can have thirty headers, and decoding what is rarely needed would take most of the time.
	payload []byte
}

// headers are those of a request that can contain a token. The name matches in any case, since encoding/json ignores case.
type headers struct {
	Authorization values `json:"authorization"`
}

// values are the texts of all members with the same name.
type values []string

// UnmarshalJSON adds a text, or each text in a list.
func (v *values) UnmarshalJSON(encoded []byte) error {
	if encoded[0] != '"' {
		var list []string
		err := json.Unmarshal(encoded, &list)
		*v = append(*v, list...)
		return err
	}
	var text string
	err := json.Unmarshal(encoded, &text)
	*v = append(*v, text)
	return err
}

// identitySource is the values by which an HTTP API caches a response. The events of REST and WebSocket APIs have none.
type identitySource struct {
	// present is set if the event has the member, whatever its value.
	present bool
	values  values
}

// UnmarshalJSON reads a list, as payload format 2.0 has it, or a text with the values separated by commas, as 1.0 has it.
func (s *identitySource) UnmarshalJSON(encoded []byte) error {
	s.present, s.values = true, nil
	err := s.values.UnmarshalJSON(encoded)
	if encoded[0] == '"' && err == nil {
		s.values = strings.Split(s.values[0], ",")
	}
	return err
}

func parseEvent(payload []byte) (sharedEvent, error) {
	event := sharedEvent{payload: payload}
	err := json.Unmarshal(payload, &event)
	return event, err
}

// kind is a kind of authorizer event.
type kind string

const (
	restToken   kind = "REST TOKEN"
	restRequest kind = "REST REQUEST"
	httpV1      kind = "HTTP 1.0"
	httpV2      kind = "HTTP 2.0"
	webSocket   kind = "WebSocket"
)

var errKind = errors.New("the event is not one of an API Gateway authorizer")

// source returns the event's kind, and the stage from which it comes. The member version is not used: sam local sends 2.0 in events of
// both formats.
func (e *sharedEvent) source() (kind, string, error) {
	if e.MethodARN != "" && e.RouteARN != "" {
		return "", "", errKind
	}
	stage, method, err := splitARN(e.MethodARN + e.RouteARN)
	if err != nil {
		return "", "", err
	}
	of, err := e.kind(method)
	return of, stage, err
}

// kind returns the kind of an event whose ARN has method after the stage.
func (e *sharedEvent) kind(method string) (kind, error) {
	switch {
	case e.Type == "TOKEN" && e.RouteARN == "":
		return restToken, nil
	case e.Type != "REQUEST":
		return "", errKind
	case e.RouteARN != "":
		return httpV2, nil
	case method == "$connect": // a REST API's ARN has a slash between method and path
		return webSocket, nil
	case e.IdentitySource.present || e.AuthorizationToken != "":
		return httpV1, nil
	}
	return restRequest, nil
}

var (
	errNoHeader      = errors.New("the event has no Authorization header")
	errSeveralTokens = errors.New("the event has more than one token")
	errNotASource    = errors.New("the Authorization header is not among the authorizer's identity sources")
)

// authorization returns the text in which the event presents a token. parameter is the name of a query parameter that can contain it in
// place of the header when a WebSocket connects, or empty.
func (e *sharedEvent) authorization(of kind, parameter string) (string, error) {
	if of == restToken {
		return e.AuthorizationToken, nil
	}
	presented := union(e.MultiValueHeaders.Authorization, e.Headers.Authorization)
	if of == webSocket && parameter != "" {
		inQuery, err := e.queryParameter(parameter)
		if err != nil {
			return "", err
		}
		presented = append(presented, inQuery...)
	}
	switch {
	case len(presented) == 0:
		return "", errNoHeader
	case len(presented) > 1:
		return "", errSeveralTokens
	case (of == httpV1 || of == httpV2) && !slices.Contains(e.IdentitySource.values, presented[0]):
		return "", errNotASource
	}
	return presented[0], nil
}

// union returns all values of a name. API Gateway lists each value in several, and the last one of each name in single as well.
func union(several, single values) values {
	all := slices.Clip(several)
	for _, value := range single {
		if !slices.Contains(several, value) {
			all = append(all, value)
		}
	}
	return all
}

// sent is what the caller sent, without the body and the path.
type sent struct {
	Headers                         map[string]values `json:"headers"`
	QueryStringParameters           map[string]values `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string]values `json:"multiValueQueryStringParameters"`
}

func (e *sharedEvent) sent() (sent, error) {
	var s sent
	err := json.Unmarshal(e.payload, &s)
	return s, err
}

// queryParameter returns the values of a query parameter.
func (e *sharedEvent) queryParameter(name string) (values, error) {
	s, err := e.sent()
	return union(s.MultiValueQueryStringParameters[name], s.QueryStringParameters[name]), err
}

// cachedByRoute reports whether the HTTP API caches a response for this route alone: its route key is among the identity sources, and not
// because the caller sent it as the value of another source.
func (e *sharedEvent) cachedByRoute() bool {
	s, err := e.sent()
	if err != nil || !slices.Contains(e.IdentitySource.values, e.RouteKey) {
		return false
	}
	for _, members := range []map[string]values{s.Headers, s.QueryStringParameters} {
		for _, of := range members {
			if slices.Contains(of, e.RouteKey) {
				return false
			}
		}
	}
	return true
}

// routeMap returns the API's route map, which is the value of its stage variable patsScopes, and whether it has one.
func (e *sharedEvent) routeMap() (string, bool) {
	variable := e.StageVariables.Routes
	return strings.Join(variable, ","), len(variable) > 0
}
