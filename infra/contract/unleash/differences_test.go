package unleash_test

import (
	"cmp"
	"regexp"
)

// difference is an entry of the list of differences from Unleash. A pattern matches the whole text; an empty one matches any.
type difference struct {
	// subject is the subject of the difference in docs/api.md, without its backticks.
	subject, reason string
	// request is a pattern for "METHOD path", and body one for the request's body.
	request, body string
	// unleash and pats are patterns for the kinds of the responses.
	unleash, pats string
	// says is a pattern for the first detail of pats' error.
	says string
	// field, from and to are patterns for the field that differs, and its values in Unleash and in pats.
	field, from, to string
}

func (d difference) covers(x exchange, c change) bool {
	for _, match := range [][2]string{
		{d.request, x.request.method + " " + x.request.path}, {d.body, x.request.body}, {d.unleash, x.unleash.kind}, {d.pats, x.pats.kind},
		{d.says, cmp.Or(x.pats.fields["body.details.0.message"], absent)}, {d.field, c.field}, {d.from, c.unleash}, {d.to, c.pats},
	} {
		if match[0] != "" && !regexp.MustCompile(`^(?:`+match[0]+`)$`).MatchString(match[1]) {
			return false
		}
	}
	return true
}

// Patterns of several entries.
const (
	denied       = `401( AuthenticationRequired)?`
	forbidden    = `403 NoAccessError`
	badData      = `400 BadDataError`
	refusal      = `[45]\d\d( .*)?`
	jsonType     = `application/json; charset=utf-8`
	bareJSON     = `application/json`
	html         = `text/html; charset=utf-8`
	notTime      = `"The ./body/expiresAt. property must match format .*"`
	loginMessage = `"You must log in to use Unleash\."`
	seedMessage  = `"You must log in to use Unleash\. Your request had no authorization header, so we could not authorize you\. Try logging in at /auth/simple/login\."`
	// whole is every field except the headers that have their own entries.
	whole = `status|body.*|Content-Type`
	// userFields are the members of users that pats does not have.
	userFields = `(imageUrl|seenAt|loginAttempts|scimId|seatType|companyRole|productUpdatesEmailConsent|inviteLink)`
)

// differences are tried in order; the first that covers a change counts.
var differences = []difference{
	{subject: "seenAt", reason: "seenAt is set from the first use on", pats: `200`, field: `body\.pats\..*\.seenAt`, from: `null`, to: `"<time>"`},
	{subject: "error bodies", reason: "every error has an id", pats: refusal, field: `body\.id`, to: `"<uuid>"`},
	{subject: "caching", reason: "errors have no ETag", pats: refusal, field: `Etag`, from: `weak`, to: absent},
	{subject: "caching", reason: "a response to POST or PUT has no ETag", request: `(POST|PUT) .*`, pats: `20[01]`, field: `Etag`, from: `weak`, to: absent},
	{subject: "secrets", reason: "tokens are v2 tokens", pats: `201`, field: `body\.secret`, from: `"<v1 token>"`, to: `"<v2 token>"`},

	{subject: "401", reason: "a 401 of the gateway has WWW-Authenticate", pats: denied, field: `Www-Authenticate`, from: absent, to: `Bearer`},
	{subject: "401", reason: "a 401 of a function has it under AWS's name", pats: denied, field: `X-Amzn-Remapped-Www-Authenticate`, from: absent, to: `Bearer`},
	{subject: "401", reason: "a 401 of the gateway is application/json without charset", pats: denied, field: `Content-Type`, from: jsonType, to: bareJSON},
	{subject: "401", reason: "a 401 is always AuthenticationRequired", unleash: `401 UnauthorizedError`, pats: denied, field: `body\.name`},
	{subject: "401", reason: "a 401's details say what is wrong with the token", unleash: `401 UnauthorizedError`, pats: denied,
		field: `body\.details\.0\.message`, from: loginMessage, to: `"The (token is not valid|token has expired|user is disabled)\."`},
	{subject: "401", reason: "a malformed token gets the message of the API reference", unleash: `401 UnauthorizedError`, pats: denied,
		field: `body\.(message|details\.0\.message)`, from: loginMessage, to: seedMessage},
	{subject: "401", reason: "the message without a header ends in a full stop", unleash: denied, pats: denied,
		field: `body\.(message|details\.0\.message)`, to: seedMessage},
	{subject: "401", reason: "a 401 has no path, type and defaultHidden", unleash: denied, pats: denied, field: `body\.(path|type|defaultHidden)`, to: absent},
	{subject: "Authorization", reason: "a tab after the scheme, or several headers", unleash: `200`, pats: denied, says: seedMessage, field: whole},
	{subject: "401", reason: "a bad body without a token is a 401", unleash: `(400|413|415) HTML`, pats: denied, field: whole},

	{subject: "403", reason: "a 403 without the permission is always NoAccessError", unleash: `403 (PermissionError|ForbiddenError)`, pats: forbidden, field: `body\.name`},
	{subject: "403", reason: "a 403 names the permission in its message alone", unleash: `403 PermissionError`, pats: forbidden, field: `body\.permissions\..*`, to: absent},
	{subject: "403", reason: "DELETE with the admin API token", request: `DELETE ` + tokensPath + `/.*`, unleash: `500 UnknownError`, pats: forbidden, says: `"PATs require an authenticated user\."`, field: whole},

	{subject: "malformed JSON or path", reason: "malformed JSON", unleash: `400( HTML)?`, pats: `400( BadDataError)?`, says: `"The request body is not valid JSON\."`, field: `body.*`},
	{subject: "malformed JSON or path", reason: "malformed JSON, its content type", unleash: `400 HTML`, pats: badData, says: `"The request body is not valid JSON\."`, field: `Content-Type`, from: html, to: jsonType},
	{subject: "malformed JSON or path", reason: "a malformed path", unleash: `400 HTML`, pats: badData, says: `"The path is not valid percent-encoded UTF-8\."`, field: whole},
	{subject: "malformed JSON or path", reason: "a malformed path, refused by Go's HTTP server", request: `\w+ .*/%(zz)?`, unleash: `4\d\d.*`, pats: `400`, field: whole},
	{subject: "ids and order", reason: "lists are ordered by id", pats: `200`, field: `body\.(pats|users)\.order`},
	{subject: "texts", reason: "a description with NUL", request: `POST ` + tokensPath, unleash: `500 UnknownError`, pats: badData, says: `"PAT description cannot contain control characters\."`, field: whole},
	{subject: "texts", reason: "a description that is too long or has control characters", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"PAT description cannot (be longer than 255|contain control) characters\."`, field: whole},
	{subject: "texts", reason: "a body of more than 64 KiB", request: `POST ` + tokensPath, unleash: `413 HTML|201`, pats: badData, says: `"The request body is larger than 64 KiB\."`, field: whole},
	{subject: "texts", reason: "a username that is too long", request: `POST ` + usersPath, unleash: `500 UnknownError`, pats: badData, says: `".* cannot be longer than 255 characters\."`, field: whole},
	{subject: "paths and methods", reason: "paths count as they stand", unleash: `200`, pats: `404 NotFoundError`, field: whole},
	{subject: "ids and order", reason: "DELETE of a number beyond 32 bits", request: `DELETE ` + tokensPath + `/.*`, unleash: `500 UnknownError`, pats: `200`, field: whole + `|Etag`},
	{subject: "ids and order", reason: "a user's id beyond 32 bits", request: `(GET|HEAD|PUT|DELETE) ` + usersPath + `/\d+`, unleash: `500( UnknownError)?`, pats: `404( NotFoundError)?`, field: whole},
	{subject: "ids and order", reason: "Infinity is not a whole number", request: `\w+ .*/Infinity`, unleash: `500 UnknownError`, pats: badData, field: whole},
	{subject: "request bodies", reason: "only UTF-8 without compression", unleash: `(400|415) HTML`, pats: `415 ContentTypeError`, says: `"We do not accept the content-type .*"`, field: whole},
	{subject: "expiresAt", reason: "an expiry beyond the year 9999", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"The expiry date should be before the year 10000\."`, field: whole},
	{subject: "expiresAt", reason: "an offset that PostgreSQL refuses", request: `POST ` + tokensPath, unleash: `500 UnknownError`, pats: badData, says: notTime, field: whole},
	{subject: "expiresAt", reason: "a date in the past in any spelling", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"The expiry date should be in future\."`, field: whole},
	{subject: "users", reason: "members of users that are not here", field: `body\.(user\.|(users\.)?[^.]*\.)?` + userFields, to: absent},
	{subject: "users", reason: "rootRole is the number of the role that the user has", request: `(POST|PUT) ` + usersPath + `.*`, pats: `20[01]`, field: `body\.rootRole`, from: `absent|0|".*"`, to: `[123]`},
	{subject: "users", reason: "descriptions of the roles", request: `GET ` + usersPath + `.*`, field: `body\.rootRoles\.\d\.description`},
	{subject: "users", reason: "the only permission is ADMIN", request: `GET ` + selfPath, unleash: `200`, pats: `200`, field: `body\.permissions\..*`, to: absent},
	{subject: "users", reason: "a user can be disabled", request: `PUT ` + usersPath + `/.*`, pats: `200`, field: `body\.disabled`, from: absent, to: `true`},
	{subject: "users", reason: "a disabled user is shown so", request: `GET ` + usersPath + `/.*`, pats: `200`, field: `body\.disabled`, from: absent, to: `true`},
	{subject: "users", reason: "a disabled user is refused", unleash: `200`, pats: denied, says: `"The user is disabled\."`, field: whole},
	{subject: "lists of users", reason: "users come by pages", request: `GET ` + usersPath + `\?.*`, unleash: `200`, pats: `200`, field: `Link|body\.users.*`},
	{subject: "lists of users", reason: "what asks for a page is checked", request: `GET ` + usersPath + `\?.*`, unleash: `200`, pats: badData, says: `"The ./query/(limit|after). property .*"`, field: whole},
	{subject: "changes of users", reason: "a taken username or email address is never a 500", request: `(POST|PUT) ` + usersPath + `.*`, unleash: `500 UnknownError`, pats: badData, says: `"User already exists"`, field: whole},
	{subject: "changes of users", reason: "an unknown role is refused first", request: `POST ` + usersPath, unleash: badData, pats: badData,
		says: `"Could not find rootRole=.*"`, field: `body\.(message|details\.0\.message)`},
	{subject: "changes of users", reason: "a body is checked ahead of who it is for", request: `PUT ` + usersPath + `/.*`, unleash: `404 NotFoundError|500 UnknownError`, pats: badData, says: `".*(must be a valid email|Could not find rootRole=).*"`, field: whole},
	{subject: "changes of users", reason: "top-level domains are not looked up", request: `POST ` + usersPath, unleash: badData, pats: `201`, field: whole + `|Location`},
	{subject: "last enabled Admin", reason: "the last Admin stays", request: `(PUT|DELETE) ` + usersPath + `/.*`, unleash: `200`, pats: `403 OperationDeniedError`, says: `".*Admin.*"`, field: whole},
	{subject: "yourself", reason: "the holder of the admin API token", request: `GET ` + selfPath + `/?`, field: `body\.user\.(environment|internalAdminTokenUserId|permissions.*|projects.*|secret)`, to: absent},
	{subject: "headers", reason: "the response to OPTIONS is text/plain", request: `OPTIONS .*`, unleash: `200`, pats: `200`, field: `Content-Type`, from: html, to: `text/plain; charset=utf-8`},
	{subject: "caching", reason: "a response to OPTIONS has no ETag", request: `OPTIONS .*`, unleash: `200`, pats: `200`, field: `Etag`, from: `weak`, to: absent},
	{subject: "headers", reason: "a 200 without a body is application/json", request: `DELETE .*`, unleash: `200`, pats: `200`, field: `Content-Type`, from: absent, to: bareJSON},
	{subject: "paths and methods", reason: "methods that API Gateway does not know", request: `(TRACE|FOO) .*`, unleash: `404 NotFoundError|400`, pats: `403 BadRequestError`, field: whole},
	{subject: "quoted values", reason: "messages quote arrays and objects as they were sent", unleash: badData, pats: badData, field: `body\.details\.\d\.message`, from: `"The .* You (sent|provided) .*"`, to: `"The .* You (sent|provided) .*[\[{].*"`},
	{subject: "Idempotency-Key", reason: "a create is repeated by its key", request: `POST ` + tokensPath, unleash: `409 NameExistsError`, pats: `201`, field: whole},
	{subject: "Idempotency-Key", reason: "a key is for one token", request: `POST ` + tokensPath, unleash: `201`, pats: `422 IdempotencyKeyError`, field: whole},
	{subject: "Idempotency-Key", reason: "the form of a key", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"The Idempotency-Key must be .*"`, field: whole},
	{subject: "scopes", reason: "a token with scopes shows them", request: `POST ` + tokensPath, body: `.*"scopes":.*`, unleash: `201`, pats: `201`,
		field: `body\.(scopes|createdBy|ancestors)\..*`, from: absent},
	{subject: "scopes", reason: "what is not a list of scopes", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"The ./body/scopes.*"`, field: whole},
	{subject: "scopes", reason: "a scope that does not exist", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"The scope .*"`, field: whole},
	{subject: "scopes", reason: "a misspelled member", request: `POST ` + tokensPath, body: `.*"scope":.*`, unleash: `201`, pats: badData,
		says: `".* does not allow additional properties\. .*"`, field: whole},
	{subject: "descendants", reason: "another value than true and false", request: `DELETE ` + tokensPath + `/.*\?descendants=.*`, unleash: `200`, pats: badData, field: whole + `|Etag`},
	{subject: "texts", reason: "a text is stored in normal form, without spaces around it", request: `POST .*`, unleash: `201`, pats: `201`, field: `body\.(description|username|name|email)`},
	{subject: "texts", reason: "a description of spaces only", request: `POST ` + tokensPath, unleash: `201`, pats: badData, says: `"PAT description cannot be empty\."`, field: whole},
	{subject: "texts", reason: "a text with invisible characters", request: `POST .*`, unleash: `201`, pats: badData, says: `".* cannot contain (invisible|control) characters\."`, field: whole + `|Location`},
	{subject: "texts", reason: "a username of look-alike scripts", request: `POST ` + usersPath, unleash: `201`, pats: badData, says: `"The username cannot mix .*"`, field: whole + `|Location`},
	{subject: "request bodies", reason: "a route without a body ignores it", request: `(GET|HEAD|DELETE|OPTIONS|PATCH) .*|(POST|PUT) (/api/admin/nope|` + tokensPath + `(/.*)?)`, body: `(?s).+`,
		unleash: `400( HTML| BadDataError)?|415 HTML`, pats: `200|304|403 NoAccessError|404 NotFoundError`, field: whole + `|Allow|Etag`},
	{subject: "403", reason: "a caller without the permission ADMIN gets a 403 whatever is sent", request: `\w+ ` + usersPath + `.*`,
		unleash: `200|400( HTML| BadDataError)?|404( NotFoundError)?|415 ContentTypeError`, pats: forbidden + `|403`, field: whole + `|Allow|Etag`},
	{subject: "headers", reason: "Location is relative to the request", request: `POST ` + usersPath, pats: `201`, field: `Location`, to: `user-admin/.*`},
	{subject: "users", reason: "disabled is a boolean", request: `PUT ` + usersPath + `/.*`, unleash: `200`, pats: badData, says: `"The ./body/disabled. property must be boolean\. .*"`, field: whole},
	{subject: "search and count", reason: "an exact username or email address is the only match", request: `GET ` + usersPath + `/search\?q=vera`, pats: `200`, field: `body\..*`},
	{subject: "search and count", reason: "% and _ are no wildcards in a search", request: `GET ` + usersPath + `/search\?q=(%25%25|__)`, pats: `200`, field: `body.*`},
	{subject: "search and count", reason: "q[] is another parameter than q", request: `GET ` + usersPath + `/search\?q\[\]=.*`, unleash: badData, pats: `200`, field: whole + `|Etag`},
	{subject: "search and count", reason: "search is not the id of a user", request: `(PUT|DELETE) ` + usersPath + `/search`, unleash: badData, pats: `404 NotFoundError`, field: whole},
	{subject: "search and count", reason: "no Admin has a password", request: `GET ` + usersPath + `/admin-count`, pats: `200`, field: `body\.(password|noPassword)`},
}
