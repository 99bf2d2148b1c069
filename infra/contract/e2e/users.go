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

// boss is the header of an Admin, who asks most of what follows.
const boss = "Authorization: {boss}"

func self(headers ...string) request { return call(http.MethodGet, selfPath, headers...) }

func users(query string) request { return call(http.MethodGet, usersPath+query, boss) }

func hire(body string) request {
	return request{http.MethodPost, usersPath, []string{boss, jsonBody}, body}
}

func readUser(id string) request { return call(http.MethodGet, usersPath+"/"+id, boss) }

func edit(id, body string) request {
	return request{http.MethodPut, usersPath + "/" + id, []string{boss, jsonBody}, body}
}

func fire(id string) request { return call(http.MethodDelete, usersPath+"/"+id, boss) }

// newt is a body that makes a user with nothing that is taken.
const newt = `{"username":"{name}","email":"{name}@example.com","name":"Newt","rootRole":3}`

// person is a user as the API shows one: id and names with what stands between, and the end.
func person(id, names, end string) string {
	return `{"accountType":"User","id":` + id + "," + names + `,"createdAt":TIME` + end + "}"
}

// found is a user as a search shows one.
func found(id, names string) string { return `{"accountType":"User","id":` + id + "," + names + "}" }

// adminCount is the number of enabled Admins, of whom the case's is one.
var adminCount = ok(func(got reply) string {
	var count map[string]int
	if err := strict(got.body, &count); err != nil || len(count) != 3 || count["noPassword"] < 1 || count["password"]+count["service"] != 0 {
		return fmt.Sprintf("got %s, want at least one Admin, none of them with a password", got.body)
	}
	return ""
})

const newtNames = `"name":"Newt","username":"{name}","email":"{name}@example.com"`

const viewerNames = `"name":"Vera","username":"{viewerName}"`

// shows is a 200 with a body like this one.
func shows(like string) answer {
	a := ok(nil)
	a.like = like
	return a
}

var (
	// hired is the answer to newt.
	hired = answer{
		status: http.StatusCreated, headers: map[string]string{"Content-Type": jsonType, "Location": "user-admin/{madeUser}"},
		like: person("{madeUser}", newtNames, `,"rootRole":3,"emailSent":false`),
	}
	bossSelf   = selfIs(person("{bossID}", `"username":"{bossName}"`, ""), `{"permission":"ADMIN"}`)
	viewerSelf = selfIs(person("{viewerID}", viewerNames, ""), "")
	adminSelf  = selfIs(`{"username":"admin","type":"admin"}`, `{"permission":"ADMIN"}`)
	viewer     = shows(person("{viewerID}", viewerNames, `,"rootRole":3`))

	disabledViewer = shows(person("{viewerID}", viewerNames, `,"rootRole":3,"disabled":true`))

	needAdmin = plain(http.StatusForbidden, "NoAccessError", "You don't have the required permissions to perform this operation. "+
		`To perform this action, you need the "ADMIN" permission.`)
	noSuchUser = plain(http.StatusNotFound, "NotFoundError", "No user found")
	userTaken  = rule("User already exists")
)

func selfIs(user, permissions string) answer {
	return shows(`{"user":`+user+`,"permissions":[`+permissions+`],"feedback":[],"splash":{}}`).having("Cache-Control", "no-store")
}

const rootRoles = `"rootRoles":[{"id":1,"name":"Admin","type":"root","description":"Manages users and their own tokens."},` +
	`{"id":2,"name":"Editor","type":"root","description":"Manages their own tokens."},` +
	`{"id":3,"name":"Viewer","type":"root","description":"Manages their own tokens."}]`

// viewerPage is the page with the Viewer alone, which is not the last: somebody came later.
var viewerPage = shows(`{"users":[`+person("{viewerID}", viewerNames, `,"rootRole":3`)+`],`+rootRoles+`}`).
	having("Link", `<?after={viewerID}&limit=1>; rel="next"`)

// everybody is a list of users with rising ids, at most so many.
func everybody(most int) answer {
	return ok(func(got reply) string {
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

func notEmail(sent string) answer {
	return schema("", `"value" must be a valid email. You provided "`+sent+`".`)
}

func additional(name string) answer {
	return schema("/body/"+name, "The `/body` object of the request body does not allow additional properties. Your request included the `/body/"+name+"` property.")
}

func notRole(sent string) answer {
	return refusal(http.StatusBadRequest, "BadDataError", invalid+". Refer to the `details` list for more information.",
		detail{"The `/body/rootRole` property must be integer. You sent " + sent + ".", "/body/rootRole"},
		detail{"The `rootRole` property must be equal to one of the allowed values: \"Admin\", \"Editor\", \"Viewer\", \"Owner\", \"Member\", " +
			`"Reader". You provided ` + sent + ", which is not valid. Please use one of the allowed values instead..", "rootRole"},
		detail{`The "/body/rootRole" property must match exactly one schema in oneOf. The data you provided matches more than one option in the ` +
			"schema. These options are mutually exclusive. Please refer back to the schema and remove any excess properties.", "/body/rootRole"})
}

func notInRange(name, bounds, sent string) answer {
	return schema("/query/"+name, "The `/query/"+name+"` property must be a whole number from "+bounds+`. You sent "`+sent+`".`)
}

// userCases are the user routes, one request each.
var userCases = []scenario{
	one("who an Admin is", self(boss), bossSelf),
	one("who a Viewer is", self("Authorization: {viewer}"), viewerSelf),
	one("who the admin API token is", self("Authorization: {admin}"), adminSelf),
	one("who one is, HEAD", call("HEAD", selfPath, boss), headOf(bossSelf)),
	one("who one is, If-None-Match", self(boss, "If-None-Match: *"), notModified),
	one("who one is, without a token", self(), noToken),
	one("who one is, OPTIONS", call("OPTIONS", selfPath, own), allows("GET,HEAD")),
	one("POST to who one is", call("POST", selfPath, own), notThere(selfPath)),

	one("a Viewer lists users", users("").as("{viewer}"), needAdmin),
	one("a Viewer lists users, HEAD", call("HEAD", usersPath, boss).as("{viewer}"), headOf(needAdmin)),
	one("a Viewer creates a user", hire(newt).as("{viewer}"), needAdmin),
	one("a Viewer posts an empty object", hire("{}").as("{viewer}"), needAdmin),
	one("a Viewer posts malformed JSON", hire("{bad").as("{viewer}"), needAdmin),
	one("a Viewer reads a user", readUser("{viewerID}").as("{viewer}"), needAdmin),
	one("a Viewer reads what is no id", readUser("abc").as("{viewer}"), needAdmin),
	one("a Viewer makes an Admin of a Viewer", edit("{viewerID}", `{"rootRole":1}`).as("{viewer}"), needAdmin),
	one("a Viewer deletes a user", fire("{viewerID}").as("{viewer}"), needAdmin),
	one("an Editor lists users", users("").as("{token}"), needAdmin),

	one("the admin API token lists users", users("").as("{admin}"), everybody(1000)),
	one("the admin API token creates a user", hire(newt).as("{admin}"), hired),
	one("the admin API token reads a user", readUser("{viewerID}").as("{admin}"), viewer),
	one("the admin API token changes a user", edit("{viewerID}", "{}").as("{admin}"), viewer),
	one("the admin API token deletes a user", fire("{viewerID}").as("{admin}"), done),

	one("all users", users(""), everybody(1000)),
	one("users, HEAD", call("HEAD", usersPath, boss), headOf(everybody(1000))),
	one("users, OPTIONS", call("OPTIONS", usersPath, boss), allows("GET,HEAD,POST")),
	one("users, without a token", call("GET", usersPath), noToken),
	one("PUT on the users", call("PUT", usersPath, boss), notThere(usersPath)),
	one("at most one user", users("?limit=1"), everybody(1)),
	one("the page after the last", users("?after=9007199254740991"), shows(`{"users":[],`+rootRoles+`}`).having("Link", "")),
	one("a page of none", users("?limit=0"), notInRange("limit", "1 to 1000", "0")),
	one("a page of 1001", users("?limit=1001"), notInRange("limit", "1 to 1000", "1001")),
	one("after letters", users("?after=x"), notInRange("after", "0 to 9007199254740991", "x")),

	one("searching for a username", users("/search?q={viewerInFull}"), shows(`[`+found("{viewerID}", viewerNames)+`]`)),
	one("searching for an address in upper case", users("/search?q={takenName}@EXAMPLE.com"), shows(`[`+found("{takenID}", `"username":"{takenName}","email":"{takenName}@example.com"`)+`]`)),
	one("searching for the start of a username", users("/search?q={viewerStart}"), shows(`[`+found("{viewerID}", viewerNames)+`]`)),
	one("searching for nobody", users("/search?q={name}"), shows("[]")),
	one("searching for one letter", users("/search?q=e"), shows("[]")),
	one("searching for nothing", users("/search"), shows("[]")),
	one("searching for two texts", users("/search?q=ab&q=cd"), schema("/query/q", "The `/query/q` property must be string. You sent [\"ab\",\"cd\"].")),
	one("a Viewer searches", users("/search?q=ab").as("{viewer}"), needAdmin),
	one("PUT on the search", call("PUT", usersPath+"/search", boss), notThere(usersPath+"/search")),
	one("counting Admins", users("/admin-count"), adminCount),
	one("the admin API token counts Admins", users("/admin-count").as("{admin}"), adminCount),
	one("a Viewer counts Admins", users("/admin-count").as("{viewer}"), needAdmin),
	one("DELETE on the count", call("DELETE", usersPath+"/admin-count", boss), notThere(usersPath+"/admin-count")),

	one("a user without a role", hire(`{"username":"{name}"}`), missing("rootRole")),
	one("a user with neither name nor address", hire(`{"name":"Newt","rootRole":3}`), rule("You must specify username or email")),
	one("a taken username", hire(`{"username":"{takenName}","rootRole":3}`), userTaken),
	one("a taken address in upper case", hire(`{"username":"{name}","email":"{takenName}@EXAMPLE.com","rootRole":3}`), userTaken),
	one("a role of a project", hire(`{"username":"{name}","rootRole":"Owner"}`), rule("Could not find rootRole=Owner")),
	one("a role that is not there", hire(`{"username":"{name}","rootRole":99}`), rule("Could not find rootRole=99")),
	one("a role that is no role", hire(`{"username":"{name}","rootRole":"viewer"}`), notRole(`"viewer"`)),
	one("an address that is none", hire(`{"email":"vera","rootRole":3}`), notEmail("vera")),
	one("a member of a user too many", hire(`{"username":"{name}","foo":1,"rootRole":3}`), additional("foo")),
	one("a user as text", request{"POST", usersPath, []string{boss, "Content-Type: text/plain"}, newt}, wrongType("text/plain")),
	one("a user without a token", request{"POST", usersPath, []string{jsonBody}, newt}, noToken),

	one("a user", readUser("{viewerID}"), viewer),
	one("a user, HEAD", call("HEAD", usersPath+"/{viewerID}", boss), headOf(viewer)),
	one("a user, If-None-Match", readUser("{viewerID}").plus("If-None-Match: *"), notModified),
	one("a user, OPTIONS", call("OPTIONS", usersPath+"/1", boss), allows("GET,HEAD,PUT,DELETE")),
	one("a Viewer, OPTIONS of a user", call("OPTIONS", usersPath+"/1", "Authorization: {viewer}"), needAdmin),
	one("a user who was deleted", readUser("{goneUser}"), noSuchUser),
	one("a user with the last id there can be", readUser("9007199254740991"), noSuchUser),
	one("a user with letters as id", readUser("abc"), notWhole("abc")),
	one("PATCH of a user", call("PATCH", usersPath+"/1", boss), notThere(usersPath+"/1")),
	one("below a user", readUser("1/x"), notThere(usersPath+"/1/x")),

	one("changing a user who was deleted", edit("{goneUser}", `{"name":"x"}`), noSuchUser),
	one("changing a user with letters as id", edit("abc", "{}"), notWhole("abc")),
	one("changing to a taken address", edit("{viewerID}", `{"email":"{takenName}@example.com"}`), userTaken),
	one("changing to an address that is none", edit("{viewerID}", `{"email":"x"}`), notEmail("x")),
	one("changing to a role that is not there", edit("{viewerID}", `{"rootRole":4}`), rule("Could not find rootRole=4")),
	one("changing nothing", edit("{viewerID}", "{}"), viewer),

	one("deleting a user who was deleted", fire("{goneUser}"), noSuchUser),
	one("deleting a user with letters as id", fire("abc"), notWhole("abc")),
	one("deleting oneself, where there is another Admin", fire("{bossID}"), done),
}

// userSequences are what a user goes through. The gateway knows the token of whom it is about.
var userSequences = []scenario{
	{"create, read, change, delete", []step{
		{request: hire(newt), want: hired},
		{request: readUser("{madeUser}"), want: shows(person("{madeUser}", newtNames, `,"rootRole":3`))},
		{request: hire(newt), want: userTaken},
		{
			request: edit("{madeUser}", `{"name":"Newton","email":"N.{name}@Example.com","rootRole":"Editor","disabled":true,"username":"x"}`),
			want:    shows(changedNewt),
		},
		{request: readUser("{madeUser}"), want: shows(changedNewt)},
		{request: fire("{madeUser}"), want: done},
		{request: readUser("{madeUser}"), want: noSuchUser},
		{request: fire("{madeUser}"), want: noSuchUser},
		{request: hire(newt), want: hired},
	}},
	{"pages", []step{
		{request: readUser("{viewerID}"), want: viewer},
		{first: comeLater, request: users("?after={beforeViewer}&limit=1"), want: viewerPage},
		{request: users("?after={beforeViewer}&limit=1").plus("If-None-Match: {etag}"), want: notModified},
		{request: users("?limit=1&after={viewerID}"), want: everybody(1)},
	}},
	{"an Admin is demoted", []step{
		{request: readUser("{viewerID}").as("{second}"), want: viewer},
		{request: edit("{secondID}", `{"rootRole":3}`), want: answer{status: http.StatusOK}},
		{request: readUser("{viewerID}").as("{second}"), want: needAdmin},
		{request: list("Authorization: {second}"), want: tokens("own")},
		{request: edit("{secondID}", `{"rootRole":"Admin"}`), want: answer{status: http.StatusOK}},
		{request: readUser("{viewerID}").as("{second}"), want: viewer},
	}},
	{"a user is disabled and enabled by an Admin", []step{
		{request: self("Authorization: {viewer}"), want: viewerSelf},
		{request: edit("{viewerID}", `{"disabled":true}`), want: disabledViewer},
		{request: self("Authorization: {viewer}"), want: ended(pat.ReasonDisabled)},
		{request: edit("{viewerID}", `{"disabled":null}`), want: disabledViewer},
		{request: edit("{viewerID}", `{"disabled":0}`), want: schema("/body/disabled", "The `/body/disabled` property must be boolean. You sent 0.")},
		{request: edit("{viewerID}", `{"name":null,"email":"","rootRole":0}`), want: disabledViewer},
		{request: users("").as("{viewer}"), want: ended(pat.ReasonDisabled)},
		{request: hire("{bad").as("{viewer}"), want: ended(pat.ReasonDisabled)},
		{request: list("Authorization: {viewer}"), want: ended(pat.ReasonDisabled)},
		{request: edit("{viewerID}", `{"disabled":false}`), want: viewer},
		{request: self("Authorization: {viewer}"), want: viewerSelf},
	}},
	{"a user is deleted by an Admin", []step{
		{request: self("Authorization: {viewer}"), want: viewerSelf},
		{request: fire("{viewerID}"), want: done},
		{request: self("Authorization: {viewer}"), want: ended(pat.ReasonInvalid)},
		{request: create(good).as("{viewer}"), want: ended(pat.ReasonInvalid)},
	}},
	{"a user's refused change changes nothing", []step{
		{request: edit("{viewerID}", `{"name":"x","rootRole":4}`), want: rule("Could not find rootRole=4")},
		{request: edit("{viewerID}", `{"name":"x","email":"{takenName}@example.com"}`), want: userTaken},
		{request: edit("{viewerID}", `{"name":[]}`), want: notString("name", "[]")},
		{request: readUser("{viewerID}"), want: viewer},
	}},
}

var changedNewt = person("{madeUser}", `"name":"Newton","username":"{name}","email":"n.{name}@example.com"`, `,"rootRole":2,"disabled":true`)
