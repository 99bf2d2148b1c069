package unleash_test

import (
	"fmt"
	"slices"
)

// sequences are scenarios of several requests.
var sequences = []scenario{
	sequence("create, list, use, delete, create again",
		list(), create(good), list(), list().as("{secret}"), newRequest("GET", selfPath).as("{secret}"), create(good), revoke("{id}"), list().as("{secret}"),
		revoke("{id}"), create(good).as("{secret}"), list(), create(good), list(), list().as("{secret}")),
	sequence("a token deletes itself", create(good), revoke("{id}").as("{secret}"), list().as("{secret}"), revoke("{id}").as("{secret}"), list()),
	sequence("a token makes another", create(good), create(described("second")).as("{secret}"), list().as("{secret}"), revoke("{id}"), list()),
	sequence("a create is repeated with its idempotency key", create(good).plus(key), create(good).plus(key), create(described("other")).plus(key)),
	sequence("a malformed idempotency key", create(good).plus("Idempotency-Key: a b")),
	sequence("ETag of a list", list(), list().plus("If-None-Match: {etag}"), newRequest("HEAD", tokensPath).plus("If-None-Match: {etag}"), create(good),
		list().plus("If-None-Match: {etag}")),
	sequence("ETag is weakly compared", create(good), list().as("{abby}"), list().as("{abby}").plus("If-None-Match: \"a\", {etag}, \"b\""),
		list().as("{abby}").plus("If-None-Match: {etag}", "Cache-Control: no-cache"), list().as("{abby}").plus("If-None-Match:  {etag} ")),
	sequence("ETag of oneself", newRequest("GET", selfPath), newRequest("GET", selfPath).plus("If-None-Match: {etag}")),
	sequence("ETag of a user", administer("GET", usersPath+"/{targetId}"), administer("GET", usersPath+"/{targetId}").plus("If-None-Match: {etag}"),
		edit(`{"name":"Other"}`), administer("GET", usersPath+"/{targetId}").plus("If-None-Match: {etag}")),
	fillUp,
	expire,
	sequence("descriptions are told apart exactly", create(described("laptop")), create(described("laptop")), create(described("Laptop")),
		create(described("lap top")), create(described("é")), create(described("e")),
		create(`{"description":3,"expiresAt":"`+far+`"}`), create(described("3")), list()),
	sequence("two users may use one description", create(described("own")).as("{target}"), create(good), create(good).as("{target}"), list().as("{target}"), list()),
	sequence("ids of other users are left alone", revoke("{targetTokenId}").as("{olga}"), list().as("{target}"), revoke("{targetTokenId}").as("{target}"), list().as("{target}")),
	sequence("what is refused changes nothing", create("{}"), create(good+"x"), create(`{"description":"x","expiresAt":"{past}"}`), revoke("abc"),
		newRequest("PUT", tokensPath).json(good), list()),
	sequence("a user is made, read, listed, edited and removed", addUser(`{"username":"nina","email":"nina@example.com","name":"Nina","rootRole":3}`),
		administer("GET", usersPath+"/{userId}"), administer("GET", usersPath), addUser(`{"username":"nina","rootRole":3}`),
		administer("PUT", usersPath+"/{userId}").json(`{"name":"N.","rootRole":2}`), administer("GET", usersPath+"/{userId}"),
		administer("DELETE", usersPath+"/{userId}"), administer("GET", usersPath+"/{userId}"), administer("DELETE", usersPath+"/{userId}"),
		administer("PUT", usersPath+"/{userId}").json(`{"name":"x"}`), administer("GET", usersPath),
		addUser(`{"username":"nina","email":"nina@example.com","rootRole":3}`), administer("GET", usersPath+"/{userId}")),
	sequence("an exact match is found alone", addUser(`{"username":"veranda","rootRole":3}`), search("vera"), search("veran")),
	sequence("a user is deleted", list().as("{target}"), create(good).as("{target}"), administer("DELETE", usersPath+"/{targetId}"), list().as("{target}"),
		list().as("{secret}"), create(good).as("{target}"), revoke("999999").as("{target}"), newRequest("GET", selfPath).as("{target}"),
		newRequest("GET", "/api/admin/nope").as("{target}")),
	sequence("a role counts from the next request on", newRequest("GET", usersPath).as("{target}"), edit(`{"rootRole":1}`), newRequest("GET", usersPath).as("{target}"),
		newRequest("GET", selfPath).as("{target}"), addUser(`{"username":"nina","rootRole":3}`).as("{target}"), edit(`{"rootRole":2}`).as("{target}"),
		newRequest("GET", usersPath).as("{target}"), newRequest("GET", selfPath).as("{target}")),
	sequence("an Admin deletes herself", edit(`{"rootRole":1}`), administer("DELETE", usersPath+"/{targetId}").as("{target}"), newRequest("GET", selfPath).as("{target}")),
	sequence("a Viewer cannot delete herself", newRequest("DELETE", usersPath+"/{targetId}").as("{target}"), newRequest("GET", selfPath).as("{target}")),
	sequence("an address is in use until it is changed", edit(`{"email":"t2@example.com"}`), addUser(`{"email":"target@example.com","rootRole":3}`),
		addUser(`{"email":"t2@example.com","rootRole":3}`), edit(`{"email":"target@example.com"}`)),
	// PostgreSQL writes a changed row to another place, and Unleash lists rows by place.
	sequence("the order of users", administer("PUT", usersPath+"/{veraId}").json(`{"name":"Vera"}`), administer("GET", usersPath)),
	sequence("a user is disabled", edit(`{"disabled":true}`), administer("GET", usersPath+"/{targetId}"), list().as("{target}"), edit(`{"disabled":false}`), list().as("{target}")),
	sequence("the last Admin",
		administer("PUT", usersPath+"/1").json(`{"rootRole":3}`), administer("PUT", usersPath+"/{abbyId}").json(`{"rootRole":3}`),
		newRequest("PUT", usersPath+"/{abbyId}").as("{admin}").json(`{"rootRole":1}`), newRequest("PUT", usersPath+"/1").as("{admin}").json(`{"rootRole":1}`),
		administer("GET", usersPath)),
	sequence("pages of users", administer("GET", usersPath+"?limit=2"), administer("GET", usersPath+"?limit=0"), administer("GET", usersPath+"?after=x")),
}

const key = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"

// described returns the body of a create with the description.
func described(description string) string {
	return fmt.Sprintf(`{"description":%q,"expiresAt":%q}`, description, far)
}

// fillUp creates ten tokens and more, and revokes one.
var fillUp = func() scenario {
	var requests []request
	for i := range 9 {
		requests = append(requests, create(described(fmt.Sprintf("t%d", i+2))))
	}
	requests = slices.Concat(requests, []request{
		create(described("t11")), create(described("t2")), create(described("")), create(`{"description":"t11","expiresAt":"{past}"}`),
		create(`{"description":"t11"}`), list(), revoke("{id}"), create(described("t2")), create(described("t11")), create(described("t12")), list(),
	})
	return sequence("ten tokens and no more", requests...)
}()

// expire creates tokens that expire during the scenario.
var expire = func() scenario {
	ending := create(`{"description":"ending","expiresAt":"{soon}"}`)
	s := sequence("a token expires", ending, list().as("{secret}"), list(), list().as("{secret}"), list(), create(described("ending")),
		newRequest("GET", selfPath).as("{secret}"), revoke("{id}").as("{secret}"), revoke("{id}"), list(), create(described("ending")), ending)
	s.steps[3].afterSoon = true
	return s
}()
