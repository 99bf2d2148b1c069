// Package guard lets a Go service require a scope of the tokens that its callers present.
//
// Behind API Gateway, the shared authorizer checks the token and adds its claims to the event. The function reads them with the method for
// its event: [Guard.REST], [Guard.HTTPAPI] or [Guard.WebSocket]. API Gateway caches claims, so a Guard refuses those of a token that has
// expired since. A service that is not behind API Gateway wraps its handlers with [Guard.Handler], which has each token checked: by a
// [StoreChecker], which reads the table, or an [IntrospectionChecker], which asks the service of the tokens.
//
// A Guard refuses claims that the shared authorizer did not make, such as those of a JWT authorizer. A token without scopes is valid but
// permits nothing, so every Guard answers it with 403. A refused request is answered as RFC 6750 §3 says; see [Refusal].
package guard
