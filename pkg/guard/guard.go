package guard

import (
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/claims"
	"pats/pkg/pat"
)

// Claims describe a valid token and its user.
type Claims = claims.Claims

// Guard lets requests through whose token carries a scope. Create it with Require. It is safe for concurrent use.
type Guard struct {
	scope pat.Scope
	now   func() time.Time
}

// Require returns a Guard for scope that uses the system's clock. The empty scope, which no token carries, refuses every request.
func Require(scope pat.Scope) Guard { return Guard{scope, time.Now} }

// WithClock returns g with the clock now instead of the system's.
func (g Guard) WithClock(now func() time.Time) Guard {
	g.now = now
	return g
}

// REST returns the claims in an event of a REST API, or of an HTTP API whose integration has payload format 1.0. The refusal is nil if
// the token carries the scope.
func (g Guard) REST(event events.APIGatewayProxyRequest) (Claims, *Refusal) {
	return g.read(event.RequestContext.Authorizer)
}

// HTTPAPI returns the claims in an event of an HTTP API whose integration has payload format 2.0. The refusal is nil if the token
// carries the scope.
func (g Guard) HTTPAPI(event events.APIGatewayV2HTTPRequest) (Claims, *Refusal) {
	authorizer := event.RequestContext.Authorizer
	switch {
	case authorizer == nil:
		return g.read(nil)
	case authorizer.JWT != nil:
		return Claims{}, InvalidToken(pat.ReasonInvalid, errJWT)
	}
	return g.read(authorizer.Lambda)
}

// WebSocket returns the claims in an event of a WebSocket API: those of $connect, which API Gateway adds to every later message too. The
// refusal is nil if the token carries the scope. A connection can outlive its token, so check each message.
func (g Guard) WebSocket(event events.APIGatewayWebsocketProxyRequest) (Claims, *Refusal) {
	context, _ := event.RequestContext.Authorizer.(map[string]any)
	return g.read(context)
}

var errJWT = errors.New("the claims are those of a JWT authorizer")

// read returns the claims in an authorizer's context. A JWT authorizer puts its own into a member of it.
func (g Guard) read(context map[string]any) (Claims, *Refusal) {
	for _, name := range []string{"claims", "jwt"} {
		if _, found := context[name]; found {
			return Claims{}, InvalidToken(pat.ReasonInvalid, errJWT)
		}
	}
	parsed, err := claims.Parse(context)
	switch {
	case errors.Is(err, claims.ErrNone):
		return Claims{}, noToken(err)
	case err != nil:
		return Claims{}, InvalidToken(pat.ReasonInvalid, err)
	}
	return g.admit(parsed)
}

// admit returns the claims of a token that was valid when it was checked.
func (g Guard) admit(checked Claims) (Claims, *Refusal) {
	switch {
	case checked.ExpiredAt(g.now()):
		return Claims{}, InvalidToken(pat.ReasonExpired, nil)
	case !checked.Has(g.scope):
		return Claims{}, missingScope(g.scope)
	}
	return checked, nil
}
