package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"pats/pkg/pat"
)

const (
	selfPath  = "/api/admin/user"
	usersPath = "/api/admin/user-admin"
)

// byAdmin is the header of an Admin, the caller of most cases below.
const byAdmin = "Authorization: {admin}"

func self(headers ...string) request { return newRequest(http.MethodGet, selfPath, headers...) }

func users(query string) request { return newRequest(http.MethodGet, usersPath+query, byAdmin) }

func createUser(body string) request {
	return request{http.MethodPost, usersPath, []string{byAdmin, jsonBody}, body}
}

func readUser(id string) request { return newRequest(http.MethodGet, usersPath+"/"+id, byAdmin) }

func updateUser(id, body string) request {
	return request{http.MethodPut, usersPath + "/" + id, []string{byAdmin, jsonBody}, body}
}

func deleteUser(id string) request { return newRequest(http.MethodDelete, usersPath+"/"+id, byAdmin) }

// plainUser is the body of a new user whose name and address are unused.
const plainUser = `{"username":"{name}","email":"{name}@example.com","name":"Nina","rootRole":3}`

// person returns the JSON of a user from the id, the names and the members at the end.
func person(id, names, end string) string {
	return `{"accountType":"User","id":` + id + "," + names + `,"createdAt":TIME` + end + "}"
}

// found returns the JSON of a user in search results.
func found(id, names string) string { return `{"accountType":"User","id":` + id + "," + names + "}" }

// adminCount expects the number of enabled Admins, at least one.
var adminCount = ok(func(got response) string {
	var count map[string]int
	if err := strict(got.body, &count); err != nil || len(count) != 3 || count["noPassword"] < 1 || count["password"] != 0 {
		return fmt.Sprintf("got %s, want at least one Admin, none of them with a password", got.body)
	}
	return ""
})

const plainNames = `"name":"Nina","username":"{name}","email":"{name}@example.com"`

const viewerNames = `"name":"Vera","username":"{viewerName}"`

// shows expects a 200 with a body like this one.
func shows(like string) expected {
	a := ok(nil)
	a.like = like
	return a
}

var (
	// createdUser is the response to plainUser.
	createdUser = expected{
		status: http.StatusCreated, headers: map[string]string{"Content-Type": jsonType, "Location": "user-admin/{madeUser}"},
		like: person("{madeUser}", plainNames, `,"rootRole":3,"emailSent":false`),
	}
	adminSelf      = selfIs(person("{adminID}", `"username":"{adminName}"`, ""), `{"permission":"ADMIN"}`)
	viewerSelf     = selfIs(person("{viewerID}", viewerNames, ""), "")
	adminTokenSelf = selfIs(`{"username":"admin","type":"admin"}`, `{"permission":"ADMIN"}`)
	viewer         = shows(person("{viewerID}", viewerNames, `,"rootRole":3`))

	disabledViewer = shows(person("{viewerID}", viewerNames, `,"rootRole":3,"disabled":true`))

	needAdmin = plain(http.StatusForbidden, "NoAccessError", "You don't have the required permissions to perform this operation. "+
		`To perform this action, you need the "ADMIN" permission.`)
	noSuchUser = plain(http.StatusNotFound, "NotFoundError", "No user found")
	userTaken  = rule("User already exists")
)

func selfIs(user, permissions string) expected {
	return shows(`{"user":`+user+`,"permissions":[`+permissions+`],"feedback":[],"splash":{}}`).having("Cache-Control", "no-store")
}

const rootRoles = `"rootRoles":[{"id":1,"name":"Admin","type":"root","description":"Manages users and their own tokens."},` +
	`{"id":2,"name":"Editor","type":"root","description":"Manages their own tokens."},` +
	`{"id":3,"name":"Viewer","type":"root","description":"Manages their own tokens."}]`

// viewerPage is the page with the Viewer alone, which is not the last one.
var viewerPage = shows(`{"users":[`+person("{viewerID}", viewerNames, `,"rootRole":3`)+`],`+rootRoles+`}`).
	having("Link", `<?after={viewerID}&limit=1>; rel="next"`)

// everybody expects a list of up to most users, in ascending order of id.
func everybody(most int) expected {
	return ok(func(got response) string {
		var list struct {
			Users []struct {
				ID pat.UserID `json:"id"`
			} `json:"users"`
		}
		if err := json.Unmarshal([]byte(got.body), &list); err != nil {
			return fmt.Sprintf("got %s, want a list of users: %v", got.body, err)
		}
		var ids []pat.UserID
		for _, user := range list.Users {
			ids = append(ids, user.ID)
		}
		if rising := slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) == 0 || len(ids) > most || !slices.Equal(rising, ids) {
			return fmt.Sprintf("got the ids %v, want at least one and at most %d, rising", ids, most)
		}
		return ""
	})
}

func notEmail(sent string) expected {
	return schema("", `"value" must be a valid email. You provided "`+sent+`".`)
}

func additional(name string) expected {
	return schema("/body/"+name, "The `/body` object of the request body does not allow additional properties. Your request included the `/body/"+name+"` property.")
}

func notInRange(name, bounds, sent string) expected {
	return schema("/query/"+name, "The `/query/"+name+"` property must be a whole number from "+bounds+`. You sent "`+sent+`".`)
}

// userCases are single requests for the user routes.
var userCases = []scenario{
	one("who an Admin is", self(byAdmin), adminSelf),
	one("who a Viewer is", self("Authorization: {viewer}"), viewerSelf),
	one("who the admin API token is", self("Authorization: {adminToken}"), adminTokenSelf),
	one("who one is, HEAD", newRequest("HEAD", selfPath, byAdmin), headOf(adminSelf)),
	one("who one is, If-None-Match", self(byAdmin, "If-None-Match: *"), notModified),
	one("who one is, without a token", self(), noToken),
	one("who one is, OPTIONS", newRequest("OPTIONS", selfPath, own), allows("GET,HEAD")),
	one("POST to who one is", newRequest("POST", selfPath, own), notThere(selfPath)),

	one("a Viewer lists users", users("").as("{viewer}"), needAdmin),
	one("a Viewer lists users, HEAD", newRequest("HEAD", usersPath, byAdmin).as("{viewer}"), headOf(needAdmin)),
	one("a Viewer creates a user", createUser(plainUser).as("{viewer}"), needAdmin),
	one("a Viewer posts an empty object", createUser("{}").as("{viewer}"), needAdmin),
	one("a Viewer posts malformed JSON", createUser("{bad").as("{viewer}"), needAdmin),
	one("a Viewer reads a user", readUser("{viewerID}").as("{viewer}"), needAdmin),
	one("a Viewer reads a malformed id", readUser("abc").as("{viewer}"), needAdmin),
	one("a Viewer makes an Admin of a Viewer", updateUser("{viewerID}", `{"rootRole":1}`).as("{viewer}"), needAdmin),
	one("a Viewer deletes a user", deleteUser("{viewerID}").as("{viewer}"), needAdmin),
	one("an Editor lists users", users("").as("{token}"), needAdmin),

	one("the admin API token lists users", users("").as("{adminToken}"), everybody(1000)),
	one("the admin API token creates a user", createUser(plainUser).as("{adminToken}"), createdUser),
	one("the admin API token reads a user", readUser("{viewerID}").as("{adminToken}"), viewer),
	one("the admin API token changes a user", updateUser("{viewerID}", "{}").as("{adminToken}"), viewer),
	one("the admin API token deletes a user", deleteUser("{viewerID}").as("{adminToken}"), done),

	one("all users", users(""), everybody(1000)),
	one("users, HEAD", newRequest("HEAD", usersPath, byAdmin), headOf(everybody(1000))),
	one("users, OPTIONS", newRequest("OPTIONS", usersPath, byAdmin), allows("GET,HEAD,POST")),
	one("users, without a token", newRequest("GET", usersPath), noToken),
	one("PUT on the users", newRequest("PUT", usersPath, byAdmin), notThere(usersPath)),
	one("at most one user", users("?limit=1"), everybody(1)),
	one("the page after the last", users("?after=9007199254740991"), shows(`{"users":[],`+rootRoles+`}`).having("Link", "")),
	one("a page of none", users("?limit=0"), notInRange("limit", "1 to 1000", "0")),

	one("searching for a username", users("/search?q={viewerInFull}"), shows(`[`+found("{viewerID}", viewerNames)+`]`)),
	one("searching for an address in upper case", users("/search?q={takenName}@EXAMPLE.com"), shows(`[`+found("{takenID}", `"username":"{takenName}","email":"{takenName}@example.com"`)+`]`)),
	one("searching for the start of a username", users("/search?q={viewerStart}"), shows(`[`+found("{viewerID}", viewerNames)+`]`)),
	one("searching for a missing user", users("/search?q={name}"), shows("[]")),
	one("searching for two texts", users("/search?q=ab&q=cd"), schema("/query/q", "The `/query/q` property must be string. You sent [\"ab\",\"cd\"].")),
	one("a Viewer searches", users("/search?q=ab").as("{viewer}"), needAdmin),
	one("PUT on the search", newRequest("PUT", usersPath+"/search", byAdmin), notThere(usersPath+"/search")),
	one("counting Admins", users("/admin-count"), adminCount),
	one("the admin API token counts Admins", users("/admin-count").as("{adminToken}"), adminCount),
	one("a Viewer counts Admins", users("/admin-count").as("{viewer}"), needAdmin),
	one("DELETE on the count", newRequest("DELETE", usersPath+"/admin-count", byAdmin), notThere(usersPath+"/admin-count")),

	one("a user without a role", createUser(`{"username":"{name}"}`), missing("rootRole")),
	one("a taken username", createUser(`{"username":"{takenName}","rootRole":3}`), userTaken),
	one("a role that is not there", createUser(`{"username":"{name}","rootRole":99}`), rule("Could not find rootRole=99")),
	one("an address that is none", createUser(`{"email":"vera","rootRole":3}`), notEmail("vera")),
	one("a user as text", request{"POST", usersPath, []string{byAdmin, "Content-Type: text/plain"}, plainUser}, wrongType("text/plain")),
	one("a user without a token", request{"POST", usersPath, []string{jsonBody}, plainUser}, noToken),

	one("a user", readUser("{viewerID}"), viewer),
	one("a user, HEAD", newRequest("HEAD", usersPath+"/{viewerID}", byAdmin), headOf(viewer)),
	one("a user, If-None-Match", readUser("{viewerID}").plus("If-None-Match: *"), notModified),
	one("a user, OPTIONS", newRequest("OPTIONS", usersPath+"/1", byAdmin), allows("GET,HEAD,PUT,DELETE")),
	one("a Viewer, OPTIONS of a user", newRequest("OPTIONS", usersPath+"/1", "Authorization: {viewer}"), needAdmin),
	one("a user who was deleted", readUser("{goneUser}"), noSuchUser),
	one("PATCH of a user", newRequest("PATCH", usersPath+"/1", byAdmin), notThere(usersPath+"/1")),
	one("below a user", readUser("1/x"), notThere(usersPath+"/1/x")),

	one("changing a user who was deleted", updateUser("{goneUser}", `{"name":"x"}`), noSuchUser),
	one("changing to a taken address", updateUser("{viewerID}", `{"email":"{takenName}@example.com"}`), userTaken),
	one("changing nothing", updateUser("{viewerID}", "{}"), viewer),

	one("deleting a user who was deleted", deleteUser("{goneUser}"), noSuchUser),
	one("deleting oneself, where there is another Admin", deleteUser("{adminID}"), done),
}

// userSequences are cases of several requests about users.
var userSequences = []scenario{
	{"create, read, change, delete", []step{
		{request: createUser(plainUser), want: createdUser},
		{request: readUser("{madeUser}"), want: shows(person("{madeUser}", plainNames, `,"rootRole":3`))},
		{request: createUser(plainUser), want: userTaken},
		{
			request: updateUser("{madeUser}", `{"name":"Nina B","email":"N.{name}@Example.com","rootRole":"Editor","disabled":true,"username":"x"}`),
			want:    shows(changedUser),
		},
		{request: readUser("{madeUser}"), want: shows(changedUser)},
		{request: deleteUser("{madeUser}"), want: done},
		{request: readUser("{madeUser}"), want: noSuchUser},
		{request: deleteUser("{madeUser}"), want: noSuchUser},
		{request: createUser(plainUser), want: createdUser},
	}},
	{"pages", []step{
		{request: readUser("{viewerID}"), want: viewer},
		{first: comeLater, request: users("?after={beforeViewer}&limit=1"), want: viewerPage},
		{request: users("?after={beforeViewer}&limit=1").plus("If-None-Match: {etag}"), want: notModified},
		{request: users("?limit=1&after={viewerID}"), want: everybody(1)},
	}},
	{"an Admin is demoted", []step{
		{request: readUser("{viewerID}").as("{second}"), want: viewer},
		{request: updateUser("{secondID}", `{"rootRole":3}`), want: expected{status: http.StatusOK}},
		{request: readUser("{viewerID}").as("{second}"), want: needAdmin},
		{request: list("Authorization: {second}"), want: tokens("own")},
		{request: updateUser("{secondID}", `{"rootRole":"Admin"}`), want: expected{status: http.StatusOK}},
		{request: readUser("{viewerID}").as("{second}"), want: viewer},
	}},
	{"a user is disabled and enabled by an Admin", []step{
		{request: self("Authorization: {viewer}"), want: viewerSelf},
		{request: updateUser("{viewerID}", `{"disabled":true}`), want: disabledViewer},
		{request: self("Authorization: {viewer}"), want: ended(pat.ReasonDisabled)},
		{request: updateUser("{viewerID}", `{"disabled":null}`), want: disabledViewer},
		{request: updateUser("{viewerID}", `{"disabled":0}`), want: schema("/body/disabled", "The `/body/disabled` property must be boolean. You sent 0.")},
		{request: updateUser("{viewerID}", `{"name":null,"email":"","rootRole":0}`), want: disabledViewer},
		{request: users("").as("{viewer}"), want: ended(pat.ReasonDisabled)},
		{request: createUser("{bad").as("{viewer}"), want: ended(pat.ReasonDisabled)},
		{request: list("Authorization: {viewer}"), want: ended(pat.ReasonDisabled)},
		{request: updateUser("{viewerID}", `{"disabled":false}`), want: viewer},
		{request: self("Authorization: {viewer}"), want: viewerSelf},
	}},
	{"a user is deleted by an Admin", []step{
		{request: self("Authorization: {viewer}"), want: viewerSelf},
		{request: deleteUser("{viewerID}"), want: done},
		{request: self("Authorization: {viewer}"), want: ended(pat.ReasonInvalid)},
		{request: create(good).as("{viewer}"), want: ended(pat.ReasonInvalid)},
	}},
	{"a user's refused change changes nothing", []step{
		{request: updateUser("{viewerID}", `{"name":"x","rootRole":4}`), want: rule("Could not find rootRole=4")},
		{request: updateUser("{viewerID}", `{"name":"x","email":"{takenName}@example.com"}`), want: userTaken},
		{request: updateUser("{viewerID}", `{"name":[]}`), want: notString("name", "[]")},
		{request: readUser("{viewerID}"), want: viewer},
	}},
}

var changedUser = person("{madeUser}", `"name":"Nina B","username":"{name}","email":"n.{name}@example.com"`, `,"rootRole":2,"disabled":true`)
