package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pats/pkg/pat"
)

const servicesPath = "/api/admin/service-account"

func services(query string) request { return newRequest(http.MethodGet, servicesPath+query, byAdmin) }

func createService(body string) request {
	return request{http.MethodPost, servicesPath, []string{byAdmin, jsonBody}, body}
}

func updateService(id, body string) request {
	return request{http.MethodPut, servicesPath + "/" + id, []string{byAdmin, jsonBody}, body}
}

func deleteService(id string) request {
	return newRequest(http.MethodDelete, servicesPath+"/"+id, byAdmin)
}

func createServiceToken(id, body string) request {
	return request{http.MethodPost, servicesPath + "/" + id + "/token", []string{byAdmin, jsonBody}, body}
}

func revokeServiceToken(id, token string) request {
	return newRequest(http.MethodDelete, servicesPath+"/"+id+"/token/"+token, byAdmin)
}

func rotateServiceToken(id, token, body string) request {
	return request{http.MethodPost, servicesPath + "/" + id + "/token/" + token + "/rotate", []string{byAdmin, jsonBody}, body}
}

const (
	// plainService is the body of a new service account whose username is unused.
	plainService = `{"username":"{name}","name":"Deployments","rootRole":3}`
	// serviceDraft and scopedServiceDraft are bodies of new tokens.
	serviceDraft       = `{"description":"ci","expiresAt":"{soon}"}`
	scopedServiceDraft = `{"description":"ci","expiresAt":"{soon}","scopes":["%s"]}`
)

// service returns the JSON of a service account from the id, the username and the members at the end.
func service(id, username, end string) string {
	return `{"id":` + id + `,"name":"Deployments","username":"` + username + `","createdAt":TIME,"rootRole":3` + end + "}"
}

// serviceToken returns the JSON of a token of the service account {service} that the Admin created, with members after createdAt.
func serviceToken(id int, description, end string) string {
	return fmt.Sprintf(`{"id":%d,"description":%q,"expiresAt":TIME,"userId":{serviceID},"createdAt":TIME,%s}`, id, description, end)
}

var unusedServiceToken = serviceToken(1, "own", `"seenAt":null`)

const byAdminsToken = `"createdBy":{"userId":{adminID},"tokenId":1}`

// createdServiceToken expects the response to a create of the second token of {service}, with members after seenAt.
func createdServiceToken(members ...string) expected {
	end := strings.Join(slices.Concat([]string{`"seenAt":null`}, members, []string{`"secret":"SECRET"`}), ",")
	return expected{status: http.StatusCreated, like: serviceToken(2, "ci", end)}
}

var (
	createdService = expected{
		status: http.StatusCreated, headers: map[string]string{"Content-Type": jsonType, "Location": "service-account/{madeUser}"},
		like: service("{madeUser}", "{name}", ""),
	}
	shownService    = shows(service("{serviceID}", "{serviceName}", ""))
	notAService     = plain(http.StatusNotFound, "NotFoundError", "No service account found")
	serviceNamed    = plain(http.StatusConflict, "NameExistsError", "A user or a service account already has this username.")
	strongerService = plain(http.StatusForbidden, "NoAccessError", "A token with scopes can create only tokens with scopes that it has.")
	disabledService = shows(service("{serviceID}", "{serviceName}", `,"disabled":true`))
	serviceTokens   = shows(`{"pats":[` + serviceToken(1, "own", `"seenAt":TIME`) + `]}`)

	unusedServiceTokens = shows(`{"pats":[` + unusedServiceToken + `]}`)
	// servicePage is a page with {service} alone.
	servicePage         = shows(`{"serviceAccounts":[` + service("{serviceID}", "{serviceName}", `,"tokens":[`+unusedServiceToken+`]`) + `],` + rootRoles + `}`)
	rotatedServiceToken = shows(serviceToken(1, "own", `"seenAt":null,"rotatedAt":TIME,"overlapEndsAt":TIME,"secret":"SECRET"`))
)

// serviceCases are requests for service accounts and their tokens.
var serviceCases = []scenario{
	one("a service account is created", createService(plainService), createdService),
	one("a service account is created by users:write", createService(plainService).as(byUsersWriter), createdService),
	one("the admin API token creates a service account", createService(plainService).as("{adminToken}"), createdService),
	one("the admin API token creates a token of a service account", createServiceToken("{serviceID}", serviceDraft).as("{adminToken}"),
		createdServiceToken()),
	one("the admin API token has no idempotency keys", createServiceToken("{serviceID}", serviceDraft).as("{adminToken}").plus("Idempotency-Key: {name}"),
		rule("An Idempotency-Key requires a personal access token that is presented.")),
	one("a service account without a username", createService(`{"name":"x","rootRole":3}`), missing("username")),
	one("a service account without a name", createService(`{"username":"x","rootRole":3}`), missing("name")),
	one("a service account without a role", createService(`{"username":"x","name":"x"}`), missing("rootRole")),
	one("a service account with an empty username", createService(`{"username":"","name":"x","rootRole":3}`), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a service account with null as name", createService(`{"username":"{name}","name":null,"rootRole":3}`), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a service account with the username of a person", createService(`{"username":"{takenName}","name":"x","rootRole":3}`), serviceNamed),
	one("a person with the username of a service account", createUser(`{"username":"{serviceInFull}","rootRole":3}`), userTaken),
	one("a service account with no JSON", createService(`{`), rule("The request body is not valid JSON.")),

	one("service accounts are listed with their tokens", services("?after={beforeService}&limit=1"),
		servicePage),
	one("more service accounts than fit in a page", services("?limit=251"), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("service accounts, HEAD", newRequest(http.MethodHead, servicesPath, byAdmin), headOf(ok(nil))),
	one("service accounts, OPTIONS", newRequest(http.MethodOptions, servicesPath, byAdmin), allows("GET,HEAD,POST")),
	one("a service account is updated", updateService("{serviceID}", `{"username":"x","email":"x@example.com"}`), shownService),
	one("a service account is disabled", updateService("{serviceID}", `{"disabled":true}`),
		disabledService),
	one("a service account is updated with another type", updateService("{serviceID}", `{"disabled":1}`), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a person is updated as a service account", updateService("{viewerID}", `{"rootRole":1}`), notAService),
	one("a person is deleted as a service account", deleteService("{viewerID}"), notAService),
	one("a service account that is not there", deleteService("{goneUser}"), noSuchUser),
	one("a service account without a number", deleteService("x"), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a service account, GET", newRequest(http.MethodGet, servicesPath+"/1", byAdmin), notThere(servicesPath+"/1")),
	one("a service account is read as a person", readUser("{serviceID}"), noSuchUser),
	one("a service account is updated as a person", updateUser("{serviceID}", `{"rootRole":1}`), noSuchUser),
	one("a service account is deleted as a person", deleteUser("{serviceID}"), noSuchUser),
	one("a service account is searched", users("/search?q={serviceInFull}"), shows("[]")),
	one("a service account reads itself", self("Authorization: {service}"),
		selfIs(`{"accountType":"Service","id":{serviceID},"name":"Deployments","username":"{serviceName}","createdAt":TIME}`, "")),

	one("tokens of a service account", newRequest(http.MethodGet, servicesPath+"/{serviceID}/token", byAdmin),
		unusedServiceTokens),
	one("tokens of a person", newRequest(http.MethodGet, servicesPath+"/{viewerID}/token", byAdmin), notAService),
	one("a token of a service account is created", createServiceToken("{serviceID}", serviceDraft), createdServiceToken(byAdminsToken)),
	one("a token of a person", createServiceToken("{viewerID}", serviceDraft), notAService),
	one("a token of a service account by users:write", createServiceToken("{serviceID}", serviceDraft).as(byUsersWriter), strongerService),
	one("a token of a service account that introspects", createServiceToken("{serviceID}", fmt.Sprintf(scopedServiceDraft, pat.ScopeTokensIntrospect)),
		createdServiceToken(`"scopes":["tokens:introspect"]`, byAdminsToken)),
	one("a token of a service account above its role", createServiceToken("{serviceID}", fmt.Sprintf(scopedServiceDraft, pat.ScopeUsersRead)),
		refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a token of a service account that has its description", createServiceToken("{serviceID}", `{"description":"own","expiresAt":"{soon}"}`),
		plain(http.StatusConflict, "NameExistsError", "PAT description already exists.")),
	one("a token of a service account in the past", createServiceToken("{serviceID}", `{"description":"ci","expiresAt":"{past}"}`),
		rule("The expiry date should be in future.")),
	one("a token of a service account is rotated", rotateServiceToken("{serviceID}", "1", `{"overlapSeconds":60}`),
		rotatedServiceToken),
	one("a token of a service account that is not there is rotated", rotateServiceToken("{serviceID}", "9", `{}`),
		refusalOf(http.StatusNotFound, "NotFoundError")),
	one("a token of a service account is rotated by users:write", rotateServiceToken("{serviceID}", "1", `{}`).as(byUsersWriter),
		plain(http.StatusForbidden, "NoAccessError", "A token with scopes can rotate only tokens with scopes that it has.")),
	one("a token of a person is rotated", rotateServiceToken("{viewerID}", "1", `{}`), notAService),
	one("a token of a person is revoked", revokeServiceToken("{viewerID}", "1"), notAService),
	one("a token of a service account that is not there is revoked", revokeServiceToken("{serviceID}", "9"), done),
	one("a token of a service account without a number", revokeServiceToken("{serviceID}", "x"), refusalOf(http.StatusBadRequest, "BadDataError")),

	{"a token of a service account is revoked", []step{
		{request: list("Authorization: {service}"), want: serviceTokens},
		{request: revokeServiceToken("{serviceID}", "1"), want: done},
		{request: list("Authorization: {service}"), want: ended(pat.ReasonInvalid)},
	}},
	{"a service account that is disabled", []step{
		{request: createServiceToken("{serviceID}", serviceDraft), want: createdServiceToken(byAdminsToken)},
		{request: self("Authorization: {made}"), want: ok(nil)},
		{request: updateService("{serviceID}", `{"disabled":true}`), want: disabledService},
		{request: list("Authorization: {made}"), want: ended(pat.ReasonDisabled)},
	}},
	{"a service account that is deleted", []step{
		{request: createServiceToken("{serviceID}", serviceDraft), want: createdServiceToken(byAdminsToken)},
		{request: self("Authorization: {made}"), want: ok(nil)},
		{request: deleteService("{serviceID}"), want: done},
		{request: list("Authorization: {made}"), want: ended(pat.ReasonInvalid)},
		{request: deleteService("{serviceID}"), want: noSuchUser},
	}},
	{"a create for a service account is repeated", []step{
		{request: createServiceToken("{serviceID}", serviceDraft).plus("Idempotency-Key: {name}"), want: createdServiceToken(byAdminsToken)},
		{request: createServiceToken("{serviceID}", serviceDraft).plus("Idempotency-Key: {name}"), want: createdServiceToken(byAdminsToken)},
	}},
}

// deniedServices returns every request for service accounts by a Viewer, an Editor, a service account and a token with a scope, none of
// whom is an Admin.
func deniedServices() []scenario {
	requests := []struct {
		does    string
		request request
	}{
		{"lists service accounts", services("")},
		{"creates a service account", createService(plainService)},
		{"updates a service account", updateService("{serviceID}", `{"rootRole":1}`)},
		{"deletes a service account", deleteService("{serviceID}")},
		{"lists tokens of a service account", newRequest(http.MethodGet, servicesPath+"/{serviceID}/token", byAdmin)},
		{"creates a token of a service account", createServiceToken("{serviceID}", serviceDraft)},
		{"rotates a token of a service account", rotateServiceToken("{serviceID}", "1", `{}`)},
		{"revokes a token of a service account", revokeServiceToken("{serviceID}", "1")},
	}
	var cases []scenario
	for _, caller := range []string{"{viewer}", "{token}", "{service}", "{patsWriter}"} {
		for _, r := range requests {
			cases = append(cases, one(strings.Trim(caller, "{}")+" "+r.does, r.request.as(caller), needAdmin))
		}
	}
	return cases
}
