package e2e

import (
	"fmt"
	"net/http"
	"strings"

	"pats/pkg/pat"
)

const presentedPath = listPath + "/self"

// rotate returns a rotation of the token with id, or "self", with the caller's token.
func rotate(id, body string) request {
	return request{http.MethodPost, listPath + "/" + id + "/rotate", []string{own, jsonBody}, body}
}

func presented(method string) request { return newRequest(method, presentedPath, own) }

// shownToken is the JSON of a token up to its end, with the texts of JSON.
const shownToken = `{"id":%d,"description":%q,"expiresAt":TIME,"userId":{user},"createdAt":TIME,"seenAt":%s` //nolint:gosec // no credential

// renewed expects the response to a rotation of a token that was used, or not.
func renewed(id int, description, seenAt string) expected {
	return expected{
		status:  http.StatusOK,
		headers: map[string]string{"Content-Type": jsonType, "Cache-Control": "no-store"},
		like:    fmt.Sprintf(shownToken+`,"rotatedAt":TIME,"overlapEndsAt":TIME,"secret":"SECRET"}`, id, description, seenAt),
	}
}

// showsToken expects the token presented, after rotations or before.
func showsToken(id int, description, seenAt string, rotated bool) expected {
	end := "}"
	if rotated {
		end = `,"rotatedAt":TIME,"overlapEndsAt":TIME}`
	}
	return expected{status: http.StatusOK, headers: map[string]string{"Content-Type": jsonType}, like: fmt.Sprintf(shownToken, id, description, seenAt) + end}
}

// withoutOverlap expects the same of a token whose replaced secret was revoked.
func withoutOverlap(a expected) expected {
	a.like = strings.Replace(a.like, `,"overlapEndsAt":TIME`, "", 1)
	return a
}

var (
	rotatedAlready = plain(http.StatusConflict, "TokenRotatedError", "The token was rotated already. Rotate it with its new secret.")
	badOverlap     = schema("/body/overlapSeconds",
		"The `/body/overlapSeconds` property must be a whole number from 0 to 604800. You sent \"300\".")
)

// rotations are cases about rotations and the token presented.
var rotations = []scenario{
	{"a token rotates itself, and its old secret works until the next rotation", []step{
		{request: rotate("self", ""), want: renewed(1, "own", "TIME")},
		{request: presented("GET"), want: showsToken(1, "own", "TIME", true)},
		{request: presented("GET").as("{made}"), want: showsToken(1, "own", "TIME", true)},
		{request: rotate("self", "{}"), want: rotatedAlready},
		{request: rotate("1", `{"overlapSeconds":0}`), want: rotatedAlready},
		{request: create(good), want: made},
		{request: revoke("1"), want: done},
		{request: presented("GET"), want: ended(pat.ReasonInvalid)},
	}},
	{"a rotation without an overlap ends the old secret at once", []step{
		{request: presented("GET"), want: showsToken(1, "own", "TIME", false)},
		{request: rotate("self", `{"overlapSeconds":0}`), want: renewed(1, "own", "TIME")},
		{request: presented("GET"), want: ended(pat.ReasonRotated)},
		{request: rotate("self", ""), want: ended(pat.ReasonRotated)},
		{request: presented("DELETE").as("{made}"), want: done},
		{request: presented("GET").as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: presented("GET"), want: ended(pat.ReasonInvalid)},
	}},
	{"a rotation is repeated with its idempotency key", []step{
		{request: create(good), want: made},
		{request: rotate("2", `{"overlapSeconds":0}`).plus(onceOnly), want: renewed(2, "laptop", "null")},
		{request: rotate("2", `{"overlapSeconds":0}`).plus(onceOnly), want: renewed(2, "laptop", "null")},
		{request: rotate("2", "").plus(onceOnly), want: keySpent("The Idempotency-Key was used for another request.")},
		{request: create(good).plus(onceOnly), want: keySpent("The Idempotency-Key was used to rotate a token.")},
		{request: rotate("2", ""), want: renewed(2, "laptop", "null")},
		{
			request: rotate("2", `{"overlapSeconds":0}`).plus(onceOnly),
			want:    keySpent("The secret that was issued with this Idempotency-Key has been revoked or replaced."),
		},
		{request: presented("GET").as("{made}"), want: showsToken(2, "laptop", "TIME", true)},
	}},
	{"the presented token is revoked with its descendants", []step{
		{request: create(good), want: made},
		{request: newRequest("DELETE", presentedPath+"?descendants=true", own), want: done},
		{request: presented("GET").as("{made}"), want: denied(pat.ReasonInvalid)},
	}},
	one("a rotation of a token that is gone", rotate("999999", ""), plain(http.StatusNotFound, "NotFoundError", "You have no token 999999.")),
	one("a rotation of letters", rotate("abc", ""), notWhole("abc")),
	one("a rotation with a text as overlap", rotate("1", `{"overlapSeconds":"300"}`), badOverlap),
	one("a rotation with a null end", rotate("self", `{"expiresAt":null}`), notTime("")),
	one("a rotation to the past", rotate("self", `{"expiresAt":"2000-01-01T00:00:00Z"}`), rule("The expiry date should be in future.")),
	one("a rotation with malformed JSON", rotate("self", "{bad"), notJSON),
	one("a rotation as text", newRequest("POST", presentedPath+"/rotate", own, "Content-Type: text/plain").with("x"), wrongType("text/plain")),
	one("a rotation without a token", newRequest("POST", presentedPath+"/rotate"), noToken),
	one("a rotation with GET", newRequest("GET", presentedPath+"/rotate", own), notThere(presentedPath+"/rotate")),
	one("the presented token with POST", newRequest("POST", presentedPath, own), notThere(presentedPath)),
	one("OPTIONS of the presented token", newRequest("OPTIONS", presentedPath, own), allows("GET,HEAD,DELETE")),
	one("the presented token of the admin API token", presented("GET").as("{adminToken}"), noUser),
	one("a rotation with the admin API token", rotate("self", "").as("{adminToken}"), noUser),
}
