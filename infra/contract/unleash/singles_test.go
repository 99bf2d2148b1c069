package unleash_test

import (
	"net/http"
	"slices"
	"strings"
)

// singles are scenarios of one request.
var singles = slices.Concat(credentialCases, pathCases, listCases, createCases, expiryCases, revokeCases, userCases, addUserCases, editCases)

const good = `{"description":"laptop","expiresAt":"2099-04-19T08:15:14.000Z"}`

// authorized returns requests for the list with each of these values in the header Authorization.
func authorized(values ...string) []scenario {
	var all []scenario
	for _, value := range values {
		all = append(all, single("Authorization "+value, list().as(value)))
	}
	return all
}

var credentialCases = slices.Concat(
	authorized(
		"{vera}", "Bearer {vera}", "bearer {vera}", "BEARER {vera}", "Bearer  {vera}", "Bearer\t{vera}", "  {vera}", "{vera} ",
		"Bearer", "Bearer ", "Bearer{vera}", "Bearer: {vera}", "Bearer Bearer {vera}", `"{vera}"`, "{vera}x", "{vera}, {vera}",
		"", " ", "nonsense", "user:", "user:nope", "USER:nope", "user:"+strings.Repeat("0", 56),
		"user:v2_"+strings.Repeat("A", 22)+"_"+strings.Repeat("B", 43), "Basic YWRtaW46dW5sZWFzaDRhbGw=", "Digest username=admin",
		"Token {vera}", "*:*.nope", "default:development.nope", "user:' or '1'='1", "{gone}", "{eve}", "{olga}", "{abby}",
		"{admin}", "Bearer {admin}",
	),
	[]scenario{
		single("no Authorization", anonymous("GET", tokensPath)),
		single("no Authorization, HEAD", anonymous("HEAD", tokensPath)),
		single("no Authorization, create", anonymous("POST", tokensPath).json(good)),
		single("no Authorization, malformed JSON", anonymous("POST", tokensPath).json("{bad")),
		single("no Authorization, create with text", anonymous("POST", tokensPath).plus("Content-Type: text/plain").with("x")),
		single("no Authorization, revoke", anonymous("DELETE", tokensPath+"/{veraTokenId}")),
		single("no Authorization, self", anonymous("GET", selfPath)),
		single("no Authorization, users", anonymous("GET", usersPath)),
		single("no Authorization, OPTIONS", anonymous("OPTIONS", tokensPath)),
		single("no Authorization, unknown path", anonymous("GET", "/api/admin/nope")),
		single("expired, create", create(good).as("{eve}")),
		single("expired, revoke", revoke("{eveTokenId}").as("{eve}")),
		single("deleted user, self", newRequest("GET", selfPath).as("{gone}")),
		single("deleted user, users", newRequest("GET", usersPath).as("{gone}")),
		single("two headers", list().plus("Authorization: user:nope")),
		single("two headers, the second valid", list().as("user:nope").plus("Authorization: {vera}")),
		single("in the query", anonymous("GET", tokensPath+"?access_token={vera}")),
		single("in another header", anonymous("GET", tokensPath).plus("X-Api-Key: {vera}")),
		single("admin API token, create", create(good).as("{admin}")),
		single("admin API token, create without members", create("{}").as("{admin}")),
		single("admin API token, create with text", newRequest("POST", tokensPath).as("{admin}").plus("Content-Type: text/plain").with("x")),
		single("admin API token, revoke", revoke("999999").as("{admin}")),
		single("admin API token, revoke a malformed id", revoke("abc").as("{admin}")),
		single("admin API token, HEAD", newRequest("HEAD", tokensPath).as("{admin}")),
		single("admin API token, self", newRequest("GET", selfPath).as("{admin}")),
		single("admin API token, users", newRequest("GET", usersPath).as("{admin}")),
		single("admin API token, user", newRequest("GET", usersPath+"/{veraId}").as("{admin}")),
		single("admin API token, unknown path", newRequest("GET", "/api/admin/nope").as("{admin}")),
	},
)

// paths returns requests of vera with the method for each path.
func paths(method string, all ...string) []scenario {
	var cases []scenario
	for _, path := range all {
		cases = append(cases, single(method+" "+path, newRequest(method, path)))
	}
	return cases
}

var pathCases = slices.Concat(
	paths("GET", "/api/admin/nope", "/api/nope", "/api/admin/user/nope", tokensPath+"/1", tokensPath+"/abc", tokensPath+"/1/x",
		tokensPath+"/", tokensPath+"?a=b", tokensPath+"?", tokensPath+";a=b", tokensPath+"%20", "/api/admin/user/%74okens",
		"/api/admin/user%2ftokens", "/api/admin/USER/tokens", "/API/ADMIN/USER/TOKENS", "/api/admin//user/tokens",
		"/api/admin/user/./tokens", "/api/admin/nope?a=b", "/api/%3Cb%3E", "/api/admin/user/", "/api/admin/user-admin/"),
	paths("HEAD", tokensPath, "/api/admin/nope", tokensPath+"/1", selfPath),
	paths("POST", tokensPath+"/1", "/api/admin/nope", selfPath),
	paths("PUT", tokensPath, tokensPath+"/1", "/api/admin/nope", selfPath),
	paths("PATCH", tokensPath, tokensPath+"/1", usersPath+"/{veraId}"),
	paths("DELETE", tokensPath, "/api/admin/nope", selfPath, tokensPath+"/1/x", tokensPath+"/"),
	paths("OPTIONS", tokensPath, tokensPath+"/1", selfPath, usersPath, usersPath+"/1", "/api/admin/nope"),
	paths("TRACE", tokensPath),
	paths("FOO", tokensPath),
	[]scenario{
		single("unknown path with malformed JSON", newRequest("POST", "/api/admin/nope").json("{bad")),
		single("unknown path with text", newRequest("POST", "/api/admin/nope").plus("Content-Type: text/plain").with("x")),
		single("override of the method", list().plus("X-HTTP-Method-Override: DELETE")),
	},
)

var listCases = []scenario{
	single("Accept: text/html", list().plus("Accept: text/html")),
	single("Accept: application/xml", list().plus("Accept: application/xml")),
	single("If-None-Match: *", list().plus("If-None-Match: *")),
	single("If-None-Match of another", list().plus(`If-None-Match: W/"0-x"`)),
	single("If-None-Match: * on a 401", list().as("user:nope").plus("If-None-Match: *")),
	single("If-None-Match: * on a 404", newRequest("GET", "/api/admin/nope").plus("If-None-Match: *")),
	single("Cache-Control: no-cache", list().plus("If-None-Match: *", "Cache-Control: no-cache")),
	single("Cache-Control: max-age=0", list().plus("If-None-Match: *", "Cache-Control: max-age=0")),
	single("If-Modified-Since", list().plus("If-Modified-Since: Mon, 23 Nov 2099 00:00:00 GMT")),
	single("with a JSON body", list().json(`{"a":1}`)),
	single("with malformed JSON", list().json("{bad")),
	single("with []", list().json("[]")),
	single("with [] and If-None-Match", list().json("[]").plus("If-None-Match: *")),
	single("with [], admin API token", list().json("[]").as("{admin}")),
	single("self with []", newRequest("GET", selfPath).json("[]")),
	single("users with null", administer("GET", usersPath).json("null")),
	single("users with null by a Viewer", newRequest("GET", usersPath).json("null")),
	single("a user with 3", administer("GET", usersPath+"/{veraId}").json("3")),
	single("no id and 3", administer("GET", usersPath+"/abc").json("3")),
	single("revoke no id with []", revoke("abc").json("[]")),
	single("remove no id with []", administer("DELETE", usersPath+"/abc").json("[]")),
	single("with text", list().plus("Content-Type: text/plain").with("x")),
	single("Origin", list().plus("Origin: https://example.com")),
}

// bodies returns creates with each of these bodies.
func bodies(all ...string) []scenario {
	var cases []scenario
	for _, body := range all {
		cases = append(cases, single("body "+brief(body), create(body)))
	}
	return cases
}

func brief(text string) string { return text[:min(len(text), 60)] }

// descriptions returns creates with each of these descriptions, in JSON.
func descriptions(all ...string) []scenario {
	var cases []scenario
	for _, description := range all {
		cases = append(cases, single("description "+brief(description), create(`{"description":`+description+`,"expiresAt":"`+far+`"}`)))
	}
	return cases
}

// contentTypes returns creates with each of these content types.
func contentTypes(all ...string) []scenario {
	var cases []scenario
	for _, kind := range all {
		cases = append(cases, single("Content-Type "+kind, newRequest("POST", tokensPath).plus("Content-Type: "+kind).with(good)))
	}
	return cases
}

// withScopes returns a valid body of a create with scopes, which are JSON.
func withScopes(scopes string) string { return strings.Replace(good, "}", `,"scopes":`+scopes+"}", 1) }

var createCases = slices.Concat(
	bodies(good, "", "{}", "[]", "null", `"x"`, "3", "true", "{bad", "{", `{"a":1}x`, "  ", " "+good+"\n", "\ufeff"+good,
		`{"description":"x"}`, `{"expiresAt":"`+far+`"}`, `{"expiresAt":"`+far+`","description":"x"}`, `{"Description":"x","expiresAt":"`+far+`"}`,
		`{"description":"x","expires_at":"`+far+`"}`, `{"description":"a","description":"b","expiresAt":"`+far+`"}`,
		`{"description":[],"expiresAt":{}}`, `{"description":"","expiresAt":"2000-01-01T00:00:00Z"}`,
		`{"description":"x","expiresAt":"`+far+`","id":77,"userId":1,"secret":"user:x","extra":{}}`, `[`+good+`]`,
		`{"description":"x","expiresAt":"`+far+`","__proto__":{"a":1}}`,
		withScopes(`["pats:read","pats:write"]`), withScopes("[]"), withScopes("null"), withScopes(`[1]`), withScopes(`["nothing:here"]`),
		strings.Replace(withScopes(`["pats:read"]`), "scopes", "scope", 1)),
	descriptions(`3`, `0`, `-1`, `1.5`, `1e2`, `-0`, `1e21`, `1e400`, `12345678901234567890`, `0.1e-7`, `true`, `false`, `null`, `{}`,
		`{"a":1}`, `[]`, `["x"]`, `{"b":1,"a":[1.0,"<&>"]}`, `""`, `"   "`, `"  a b  "`, `"é"`, `"e\u0301"`, `"\ud83d\ude00"`, `"\ud800"`, `"<b>&"`,
		`"\"\\\/"`, `"\u200b"`, `"a\tb"`, `"\u0000"`, `"a\u0000b"`, `"\u007f"`, `"`+strings.Repeat("a", 255)+`"`,
		`"`+strings.Repeat("a", 256)+`"`, `"`+strings.Repeat("é", 255)+`"`, `"own"`, `"Own"`),
	contentTypes("application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json; charset=UTF-8",
		"application/json;charset=latin1", "application/json; charset=nope", "application/json; charset=utf-16", "application/json; a=b",
		"application/vnd.api+json", "application/*", "*/*", "text/plain", "text/json", "", "nonsense", "application/jsonx",
		"application/json, text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
	[]scenario{
		single("no Content-Type", newRequest("POST", tokensPath).with(good)),
		single("no Content-Type, no body", newRequest("POST", tokensPath)),
		single("two Content-Types", create(good).plus("Content-Type: text/plain")),
		single("Content-Encoding: identity", create(good).plus("Content-Encoding: identity")),
		single("Content-Encoding: gzip that is none", create(good).plus("Content-Encoding: gzip")),
		single("Content-Encoding: br", create(good).plus("Content-Encoding: br")),
		single("64 KiB and one", create(`{"description":"x","expiresAt":"`+far+`","x":"`+strings.Repeat("a", 64<<10)+`"}`)),
		single("100 KiB and one", create(`{"description":"x","expiresAt":"`+far+`","x":"`+strings.Repeat("a", 100<<10)+`"}`)),
		single("If-None-Match: *", create(good).plus("If-None-Match: *")),
		single("Accept: text/html, malformed JSON", create("{bad").plus("Accept: text/html")),
		single("Accept: application/json, malformed JSON", create("{bad").plus("Accept: application/json")),
		single("a query", newRequest("POST", tokensPath+"?description=b").json(good)),
		single("a slash at the end", newRequest("POST", tokensPath+"/").json(good)),
	},
)

// until returns creates with each of these expiries, in JSON.
func until(all ...string) []scenario {
	var cases []scenario
	for _, expiry := range all {
		cases = append(cases, single("expiry "+expiry, create(`{"description":"laptop","expiresAt":`+expiry+`}`)))
	}
	return cases
}

var expiryCases = until(
	`"soon"`, `""`, `null`, `3`, `true`, `[]`, `{}`, `["2099-04-19T08:15:14Z"]`, `"2099-04-19"`, `"2099-04-19T08:15Z"`, `"2099-04-19T08:15:14"`,
	`"2099-04-19T08:15:14Z"`, `"2099-04-19t08:15:14z"`, `"2099-04-19 08:15:14Z"`, `"2099-04-19\t08:15:14Z"`, `"2099-04-19_08:15:14Z"`,
	`"2099-04-19T08:15:14.Z"`, `"2099-04-19T08:15:14.1Z"`, `"2099-04-19T08:15:14.123456789Z"`, `"2099-04-19T08:15:14.9999Z"`,
	`"2099-04-19T08:15:14.9999999Z"`, `"2099-04-19T08:15:14,5Z"`, `"2099-04-19T08:15:14+02:00"`, `"2099-04-19T08:15:14+0200"`,
	`"2099-04-19T08:15:14+02"`, `"2099-04-19T08:15:14-00:00"`, `"2099-04-19T08:15:14-11:30"`, `"2099-04-19T08:15:14+15:59"`,
	`"2099-04-19T08:15:14+16:00"`, `"2099-04-19T08:15:14+02:60"`, `"2099-04-19T08:15:14 Z"`, `"2099-04-19T24:00:00Z"`,
	`"2099-04-19T08:60:00Z"`, `"2099-04-19T08:15:60Z"`, `"2099-04-19T23:59:60Z"`, `"2096-02-29T00:00:00Z"`, `"2099-02-29T00:00:00Z"`,
	`"2099-04-31T00:00:00Z"`, `"2099-13-01T00:00:00Z"`, `"2099-00-01T00:00:00Z"`, `"9999-12-31T23:59:59.999Z"`,
	`"9999-12-31T23:59:59-01:00"`, `"10000-01-01T00:00:00Z"`, `"+002099-04-19T08:15:14Z"`, `"2000-01-01T00:00:00Z"`,
	`"2000-01-01T00:00:00+02"`, `"0000-01-01T00:00:00Z"`, `"1969-12-31T23:59:59Z"`, `"{past}"`, `"{soon}"`, `" 2099-04-19T08:15:14Z"`,
	`"2099-04-19T08:15:14Z\n"`, `"<now>"`,
)

// revokes returns revocations by vera of each of these ids.
func revokes(ids ...string) []scenario {
	var cases []scenario
	for _, id := range ids {
		cases = append(cases, single("revoke "+id, revoke(id)))
	}
	return cases
}

var revokeCases = slices.Concat(
	revokes("{victim}", "{olgaTokenId}", "999999", "0", "-1", "-0", "1.5", "1e9", "999999.0", "999999.", "0xfffff", "0b0", "0o17", "+999999",
		"%20999999", "999999%20", "%0A999999", "%20", "2147483647", "2147483648", "-2147483649", "9007199254740993", "99999999999999999999",
		"1e400", "Infinity", "NaN", "abc", "1abc", "true", "null", "undefined", "[]", "1,000", "1_000", "%D9%A3", "%", "%zz", "%ff", "%00",
		"999999%2f2", "999999;x", "999999?x=1", "999999?descendants=true", "999999?descendants=1", "%22abc%22", "%3Cb%3E"),
	[]scenario{
		single("revoke with leading zeros", revoke("000{victim}")),
		single("revoke with a point", revoke("{victim}.0")),
		single("revoke with a blank", revoke("%20{victim}")),
		single("revoke with a slash", revoke("{victim}/")),
		single("revoke with a query", revoke("{victim}?x=1")),
		single("revoke with a JSON body", revoke("{victim}").json(`{"a":1}`)),
		single("revoke with malformed JSON", revoke("{victim}").json("{bad")),
		single("revoke with []", revoke("{victim}").json("[]")),
		single("revoke with null", revoke("{victim}").json("null")),
		single("revoke with text", revoke("{victim}").plus("Content-Type: text/plain").with("x")),
		single("revoke with a Content-Type alone", revoke("{victim}").plus(jsonBody)),
	},
)

// userReads returns requests of abby for the users with these ids.
func userReads(ids ...string) []scenario {
	var cases []scenario
	for _, id := range ids {
		cases = append(cases, single("user "+id, administer("GET", usersPath+"/"+id)))
	}
	return cases
}

func search(q string) request { return administer("GET", usersPath+"/search?q="+q) }

func userRemovals(ids ...string) []scenario {
	var cases []scenario
	for _, id := range ids {
		cases = append(cases, single("remove user "+id, administer("DELETE", usersPath+"/"+id)))
	}
	return cases
}

var userCases = slices.Concat(
	userReads("{veraId}", "{abbyId}", "1", "{targetId}", "{goneId}", "0", "-1", "999999", "1.0", "1.5", "0{veraId}", "+{veraId}", "%20{veraId}", "abc", "NaN",
		"Infinity", "2147483648", "9007199254740993", "99999999999999999999", "%", "%00", "{veraId}/", "{veraId}?x=1"),
	userRemovals("{targetId}", "{targetId}.0", "{goneId}", "0", "-1", "999999", "abc", "1.5", "2147483648", "99999999999999999999", "%20", "%"),
	[]scenario{
		single("self", newRequest("GET", selfPath)),
		single("self of an Admin", administer("GET", selfPath)),
		single("self of an Editor", newRequest("GET", selfPath).as("{olga}")),
		single("self, HEAD", newRequest("HEAD", selfPath)),
		single("self, If-None-Match: *", newRequest("GET", selfPath).plus("If-None-Match: *")),
		single("users", administer("GET", usersPath)),
		single("users, HEAD", administer("HEAD", usersPath)),
		single("users, If-None-Match: *", administer("GET", usersPath).plus("If-None-Match: *")),
		single("a user, HEAD", administer("HEAD", usersPath+"/{veraId}")),
		single("users by a Viewer", newRequest("GET", usersPath)),
		single("users by an Editor", newRequest("GET", usersPath).as("{olga}")),
		single("own user by a Viewer", newRequest("GET", usersPath+"/{veraId}")),
		single("no id by a Viewer", newRequest("GET", usersPath+"/abc")),
		single("add by a Viewer", newRequest("POST", usersPath).json("{}")),
		single("add by a Viewer, text", newRequest("POST", usersPath).plus("Content-Type: text/plain").with("x")),
		single("add by a Viewer, malformed JSON", newRequest("POST", usersPath).json("{bad")),
		single("edit by a Viewer", newRequest("PUT", usersPath+"/{veraId}").json(`{"name":"x"}`)),
		single("remove by a Viewer", newRequest("DELETE", usersPath+"/{veraId}")),
		single("search for a username", search("vera")),
		single("search for a username in upper case", search("VERA")),
		single("search for the start of a username", search("abb")),
		single("search for the middle of a username", search("ver")),
		single("search for an address", search("VERA%40example.com")),
		single("search for a domain", search("example.com")),
		single("search for the middle of a name", search("bby")),
		single("search for a missing user", search("nobody")),
		single("search for one letter", search("v")),
		single("search for an emoji", search("%F0%9F%98%80")),
		single("search for nothing", search("")),
		single("search with wildcards", search("%25%25")),
		single("search with underscores", search("__")),
		single("search without q", administer("GET", usersPath+"/search")),
		single("search with two texts", search("vera&q=abby")),
		single("search with a list", administer("GET", usersPath+"/search?q[]=vera")),
		single("search, HEAD", administer("HEAD", usersPath+"/search?q=vera")),
		single("search, PUT", administer("PUT", usersPath+"/search").json("{}")),
		single("search, DELETE", administer("DELETE", usersPath+"/search")),
		single("search by a Viewer", newRequest("GET", usersPath+"/search?q=vera")),
		single("search by the admin API token", search("olga").as("{admin}")),
		single("count of Admins", administer("GET", usersPath+"/admin-count")),
		single("count of Admins, HEAD", administer("HEAD", usersPath+"/admin-count")),
		single("count of Admins, POST", administer("POST", usersPath+"/admin-count").json("{}")),
		single("count of Admins by a Viewer", newRequest("GET", usersPath+"/admin-count")),
		single("count of Admins by the admin API token", administer("GET", usersPath+"/admin-count").as("{admin}")),
		single("OPTIONS by an Admin", administer("OPTIONS", usersPath)),
		single("OPTIONS of a user by an Admin", administer("OPTIONS", usersPath+"/1")),
		single("PATCH", administer("PATCH", usersPath+"/{targetId}").json(`{"name":"x"}`)),
		single("remove with text", administer("DELETE", usersPath+"/{targetId}").plus("Content-Type: text/plain").with("x")),
		single("remove with malformed JSON", administer("DELETE", usersPath+"/{targetId}").json("{bad")),
		single("remove with []", administer("DELETE", usersPath+"/{targetId}").json("[]")),
	},
)

func additions(all ...string) []scenario {
	var cases []scenario
	for _, body := range all {
		cases = append(cases, single("add user "+brief(body), addUser(body)))
	}
	return cases
}

var addUserCases = slices.Concat(
	additions(`{"username":"nina","email":"nina@example.com","name":"Nina","rootRole":3}`, `{"username":"nina","rootRole":3}`,
		`{"email":"nina@example.com","rootRole":2}`, `{"email":"NEWT@Example.com","rootRole":1}`, `{"username":"nina","password":"`+password+`","rootRole":3}`,
		`{}`, ``, `[]`, `null`, `{bad`, `{"rootRole":3}`, `{"username":"nina"}`, `{"username":"","rootRole":3}`, `{"name":"Nina","rootRole":3}`,
		`{"username":"vera","rootRole":3}`, `{"username":"Vera","rootRole":3}`, `{"email":"vera@example.com","rootRole":3}`, `{"email":"VERA@example.com","rootRole":3}`,
		`{"username":"nina","email":"vera@example.com","rootRole":3}`, `{"username":"vera","email":"nina@example.com","rootRole":3}`,
		`{"username":"vera","rootRole":99}`, `{"username":"nina","email":"x","rootRole":3}`, `{"username":"nina","email":"x","rootRole":99}`,
		`{"username":"nina","email":"","rootRole":3}`, `{"username":"nina","email":null,"rootRole":3}`, `{"email":"a@@b.c","rootRole":3}`,
		`{"email":"nina@localhost","rootRole":3}`, `{"email":"nina@example.invalid","rootRole":3}`, `{"email":"nina+tag@sub.example.com","rootRole":3}`, `{"email":[],"rootRole":3}`,
		`{"email":"a@[127.0.0.1]","rootRole":3}`, `{"email":"a@-example.com","rootRole":3}`, `{"email":"a@ex_ample.com","rootRole":3}`, `{"email":"a@example.com.","rootRole":3}`,
		`{"email":"\"a b\"@example.com","rootRole":3}`, `{"email":"a..b@example.com","rootRole":3}`, `{"email":"ü@bücher.de","rootRole":3}`, `{"email":" nina@example.com","rootRole":3}`,
		`{"username":" nina","rootRole":3}`, `{"username":"e\u0301va","name":" Eva ","rootRole":3}`, `{"username":"аdmin","rootRole":3}`, `{"username":"nina\u200b","rootRole":3}`,
		`{"username":"nina","name":"N\u202e","rootRole":3}`, `{"username":"админ","rootRole":3}`,
		`{"username":"nina","name":"","rootRole":3}`, `{"email":"x","name":"","rootRole":3}`, `{"username":"nina","name":null,"rootRole":3}`, `{"username":"nina","name":3,"rootRole":3}`,
		`{"username":3,"rootRole":3}`, `{"username":true,"rootRole":3}`, `{"username":[],"rootRole":3}`, `{"username":{"a":1},"rootRole":3}`,
		`{"username":"é","rootRole":3}`, `{"username":"a/b <c>","rootRole":3}`, `{"username":"`+strings.Repeat("a", 256)+`","rootRole":3}`,
		`{"username":"vera@example.com","rootRole":3}`,
		`{"username":"nina","rootRole":3,"foo":1}`, `{"username":"nina","rootRole":3,"foo":1,"bar":2}`, `{"username":"nina","rootRole":3,"id":77}`,
		`{"Username":"nina","rootRole":3}`, `{"username":[],"email":{},"rootRole":3}`, `{"username":"nina","rootRole":"Nope","foo":1}`,
		`{"username":"nina","disabled":true,"rootRole":3}`, `{"username":"nina","rootRole":3,"sendEmail":"maybe"}`, `{"username":"nina","rootRole":3,"sendEmail":true}`),
	rolesAdded(`"Viewer"`, `"Editor"`, `"Admin"`, `"viewer"`, `"Nope"`, `"Owner"`, `"3"`, `"3.0"`, `3.0`, `4`, `99`, `0`, `-1`, `1.5`, `true`, `false`, `null`, `[]`, `{}`, `""`),
	[]scenario{
		single("add user, no Content-Type", administer("POST", usersPath).with(`{"username":"nina","rootRole":3}`)),
		single("add user, text", administer("POST", usersPath).plus("Content-Type: text/plain").with("x")),
		single("add user by the admin API token", addUser(`{"username":"nina","rootRole":3}`).as("{admin}")),
	},
)

func rolesAdded(all ...string) []scenario {
	var cases []scenario
	for _, role := range all {
		cases = append(cases, single("add user with role "+role, addUser(`{"username":"nina","rootRole":`+role+`}`)))
	}
	return cases
}

func edits(all ...string) []scenario {
	var cases []scenario
	for _, body := range all {
		cases = append(cases, single("edit "+brief(body), edit(body)))
	}
	return cases
}

var editCases = slices.Concat(
	edits(`{}`, ``, `[]`, `null`, `{bad`, `{"name":"Target T."}`, `{"name":""}`, `{"name":null}`, `{"name":3}`, `{"name":[]}`, `{"email":"t2@example.com"}`,
		`{"email":"T2@EXAMPLE.com"}`, `{"email":""}`, `{"email":null}`, `{"email":"x"}`, `{"email":3}`, `{"email":"vera@example.com"}`,
		`{"email":"target@example.com"}`, `{"username":"other"}`, `{"foo":1}`, `{"id":77,"name":"x"}`, `{"rootRole":1}`, `{"rootRole":2}`, `{"rootRole":"Editor"}`,
		`{"rootRole":"3"}`, `{"rootRole":0}`, `{"rootRole":null}`, `{"rootRole":99}`, `{"rootRole":-1}`, `{"rootRole":"Nope"}`, `{"rootRole":""}`, `{"rootRole":[]}`,
		`{"name":"x","email":"t3@example.com","rootRole":2}`,
		`{"disabled":null}`, `{"disabled":0}`, `{"disabled":"true"}`, `{"disabled":""}`, `{"name":false,"email":""}`, `{"rootRole":true}`, `{"rootRole":false}`),
	[]scenario{
		single("edit a missing user", administer(http.MethodPut, usersPath+"/999999").json(`{"name":"x"}`)),
		single("edit a missing user with a bad email", administer(http.MethodPut, usersPath+"/999999").json(`{"email":"x"}`)),
		single("edit 0", administer(http.MethodPut, usersPath+"/0").json(`{"name":"x"}`)),
		single("edit a malformed id", administer(http.MethodPut, usersPath+"/abc").json(`{"name":"x"}`)),
		single("edit a malformed id, bad body", administer(http.MethodPut, usersPath+"/abc").json(`{"name":[]}`)),
		single("edit, no Content-Type", administer(http.MethodPut, usersPath+"/{targetId}").with(`{"name":"x"}`)),
		single("edit, text", administer(http.MethodPut, usersPath+"/{targetId}").plus("Content-Type: text/plain").with("x")),
		single("edit by the admin API token", edit(`{"name":"x"}`).as("{admin}")),
	},
)
