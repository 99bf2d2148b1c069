// Package api serves the events of an API Gateway REST API: routes, JSON, and the status and body of every error. Statuses, bodies
// and messages are those of Unleash 8.2.0, except for the differences listed in docs/api.md.
//
// A request passes [Handler.Handle] (handler.go), which finds the operation (routes.go) and calls its action (tokens.go, users.go,
// admintokens.go, serviceaccounts.go, openapi.go). An action reads the request (request.go, tokeninput.go, userinput.go, tokenfilter.go),
// calls the domain, and returns a response (response.go) or an error, which newProblem (errors.go) turns into a status and a body. What the
// JSON of requests may contain is in package unleashjson, and the JSON of responses in package apitypes.
//
// To add a route, add its resource and operations to [NewTokens], [NewUsers], [NewAdminTokens] or [NewServiceAccounts], the resource to
// template.yaml, and the operation with its scope to openapi.json and docs/api.md. Tests fail until all agree.
package api
