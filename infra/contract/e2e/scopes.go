package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pats/pkg/pat"
)

// scopedToken creates a token of the user with one of the built-in scopes, which every front has. It expires later than those that
// the cases create.
func (e *env) scopedToken(user pat.UserID, scope pat.Scope) string {
	e.t.Helper()
	scopes, err := pat.NewScopes([]string{string(scope)})
	e.must(err)
	draft := pat.Draft{Description: string(scope), Scopes: scopes, ExpiresAt: e.now().Add(2 * time.Hour)}
	_, secret, err := e.service(0).CreateUserToken(e.t.Context(), user, draft)
	e.must(err)
	return secret.Reveal()
}

// scopedMakers returns functions that create the values of placeholders: tokens with one scope, of the caller and of the Admin.
func (e *env) scopedMakers() map[string]func() string {
	return map[string]func() string{
		"patsReader":  func() string { return e.scopedToken(e.callerID(), pat.ScopePatsRead) },
		"patsWriter":  func() string { return e.scopedToken(e.callerID(), pat.ScopePatsWrite) },
		"usersReader": func() string { return e.scopedToken(e.adminUser(), pat.ScopeUsersRead) },
		"usersWriter": func() string { return e.scopedToken(e.adminUser(), pat.ScopeUsersWrite) },
	}
}

func (e *env) adminUser() pat.UserID { return selectorOf(e, e.value("admin")).UserID() }

// scoped returns a create of a token whose scopes and description are this JSON.
func scoped(scopes string) request {
	return create(fmt.Sprintf(`{"description":%q,"expiresAt":"{soon}","scopes":%s}`, scopes, scopes))
}

const noRename = "response headers of functions are not renamed"

// lacks expects the 403 of a function for a token without the scope.
func lacks(scope pat.Scope) expected {
	return plain(http.StatusForbidden, "NoAccessError", fmt.Sprintf("The token does not have the scope %q, which this operation requires.", scope)).
		having("WWW-Authenticate", insufficient(scope))
}

func insufficient(scope pat.Scope) string {
	return fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, scope)
}

// missingScope expects the same through API Gateway, which renames the header.
func missingScope(scope pat.Scope) expected {
	return lacks(scope).having("WWW-Authenticate", "").having("X-Amzn-Remapped-Www-Authenticate", insufficient(scope)).sam(noRename, lacks(scope))
}

func notScopes(sent string) expected {
	return schema("/body/scopes", "The `/body/scopes` property must be array. You sent "+sent+".")
}

// scopedToken1 is the caller's only token, which has the scope.
func scopedToken1(scope pat.Scope) string {
	return fmt.Sprintf(`{"id":1,"description":%[1]q,"expiresAt":TIME,"userId":{user},"createdAt":TIME,"seenAt":TIME,"scopes":[%[1]q]}`, scope)
}

// madeScoped expects the response to a create by scoped with these scopes, with the token by.
func madeScoped(id, by int, scopes, ancestors string) expected {
	return expected{
		status: http.StatusCreated,
		like: fmt.Sprintf(`{"id":%d,"description":%q,"expiresAt":TIME,"userId":{user},"createdAt":TIME,"seenAt":null,"scopes":%s,`+
			`"createdBy":{"userId":{user},"tokenId":%d},"ancestors":%s,"secret":"SECRET"}`, id, scopes, scopes, by, ancestors),
	}
}

// createdWith expects the response to a create of a token called laptop with these scopes, with the caller's token.
func createdWith(scopes string) expected {
	created := madeScoped(2, 1, scopes, "[1]")
	created.like = strings.Replace(created.like, strconv.Quote(scopes), `"laptop"`, 1)
	return created
}

var emptyScopes = schema("/body/scopes", "The `/body/scopes` property must NOT have fewer than 1 items. You sent [].")

const byUsersReader, byUsersWriter = "{usersReader}", "{usersWriter}"

// scopeCases are requests with tokens that have scopes, and creates of such tokens.
var scopeCases = []scenario{
	one("pats:read lists", list("Authorization: {patsReader}"), shows(`{"pats":[`+scopedToken1(pat.ScopePatsRead)+`]}`)),
	one("pats:read creates", create(good).as("{patsReader}"), missingScope(pat.ScopePatsWrite)),
	one("pats:read revokes another", revoke("2").as("{patsReader}"), missingScope(pat.ScopePatsWrite)),
	one("pats:write lists", list("Authorization: {patsWriter}"), missingScope(pat.ScopePatsRead)),
	one("pats:write revokes another", revoke("2").as("{patsWriter}"), done),
	one("pats:write creates a token without scopes", create(good).as("{patsWriter}"),
		plain(http.StatusForbidden, "NoAccessError", "A token with scopes can create only tokens with scopes that it has.")),
	one("pats:write creates a token of a user's", scoped(`["pats:write"]`).as("{patsWriter}"), madeScoped(2, 1, `["pats:write"]`, "[1]")),
	one("pats:write reads itself", self("Authorization: {patsWriter}"), ok(nil)),
	one("pats:write lists users", users("").as("{patsWriter}"), needAdmin),

	one("users:read lists users", users("").as(byUsersReader), everybody(1000)),
	one("users:read reads a user", readUser("{viewerID}").as(byUsersReader), viewer),
	one("users:read searches", users("/search?q={viewerInFull}").as(byUsersReader), shows("["+found("{viewerID}", viewerNames)+"]")),
	one("users:read counts Admins", users("/admin-count").as(byUsersReader), adminCount),
	one("users:read creates a user", createUser(plainUser).as(byUsersReader), missingScope(pat.ScopeUsersWrite)),
	one("users:read updates a user", updateUser("{viewerID}", `{}`).as(byUsersReader), missingScope(pat.ScopeUsersWrite)),
	one("users:read deletes a user", deleteUser("{viewerID}").as(byUsersReader), missingScope(pat.ScopeUsersWrite)),
	one("users:read lists tokens", list("Authorization: {usersReader}"), missingScope(pat.ScopePatsRead)),
	one("users:read reads itself", self("Authorization: {usersReader}"), selfIs(person("{adminID}", `"username":"{adminName}"`, ""), "")),
	one("users:write lists users", users("").as(byUsersWriter), missingScope(pat.ScopeUsersRead)),
	one("users:write creates a user", createUser(plainUser).as(byUsersWriter), createdUser),
	one("users:write updates a user", updateUser("{viewerID}", `{}`).as(byUsersWriter), viewer),
	one("users:write deletes a user", deleteUser("{viewerID}").as(byUsersWriter), done),
	one("users:write reads itself", self("Authorization: {usersWriter}"), adminSelf),

	one("a create with scopes", scoped(`["pats:read","pats:write"]`), madeScoped(2, 1, `["pats:read","pats:write"]`, "[1]")),
	one("null as scopes", scoped("null"), notScopes("null")),
	one("a text as scopes", scoped(`"pats:read"`), notScopes(`"pats:read"`)),
	one("no scopes in the list", scoped("[]"), emptyScopes),
	one("a number as scope", scoped("[1]"), schema("/body/scopes/0", "The `/body/scopes/0` property must be string. You sent 1.")),
	one("a scope with a blank", scoped(`["pats:read "]`),
		schema("/body/scopes/0", "The `/body/scopes/0` property must match pattern \"^[A-Za-z0-9._:/-]{1,64}$\". You sent \"pats:read \".")),
	one("a scope that the role does not carry", scoped(`["users:read"]`), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("a scope that does not exist", scoped(`["nothing:here"]`), refusalOf(http.StatusBadRequest, "BadDataError")),
	one("descendants that is not a boolean", revoke("1?descendants=1"),
		schema("/query/descendants", "The `/query/descendants` property must be boolean. You sent \"1\".")),

	{"a token with a scope revokes itself", []step{
		{request: revoke("1").as("{patsReader}"), want: done},
		{request: list("Authorization: {patsReader}"), want: ended(pat.ReasonInvalid)},
	}},
	{"a token is revoked with its descendants", []step{
		{request: scoped(`["pats:read","pats:write"]`), want: madeScoped(2, 1, `["pats:read","pats:write"]`, "[1]")},
		{request: scoped(`["pats:read"]`).as("{made}"), want: madeScoped(3, 2, `["pats:read"]`, "[2,1]")},
		{request: described(`"kept"`), want: token(4, "kept")},
		{request: revoke("2"), want: done},
		{request: revoke("2?descendants=true"), want: done},
		{request: list(own), want: tokens("own", "kept")},
	}},
}

// refusalOf expects an error whose message depends on the stack's parameter Scopes.
func refusalOf(status int, name string) expected {
	return expected{status: status, body: func(got response) string {
		var body problem
		if err := strict(got.body, &body); err != nil || body.Name != name {
			return fmt.Sprintf("got %s, want a %s", got.body, name)
		}
		return ""
	}}
}
