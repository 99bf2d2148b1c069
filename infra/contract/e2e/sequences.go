package e2e

import "pats/pkg/pat"

const onceOnly = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"

func keySpent(message string) expected { return plain(422, "IdempotencyKeyError", message) }

// sequences are cases of several requests about tokens.
var sequences = []scenario{
	{"create, list, use, revoke, refused", []step{
		{request: create(good), want: made},
		{request: list(own), want: tokens("own", "laptop")},
		{request: list("Authorization: {made}"), want: tokens("own", "laptop")},
		{request: revoke("{id}"), want: done},
		{request: list("Authorization: {made}"), want: ended(pat.ReasonInvalid)},
		{request: create(good).as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: create("{bad").as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: posted(good, "Content-Type: text/plain").as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: create(good).as("{made}").plus("Idempotency-Key: a b"), want: ended(pat.ReasonInvalid)},
		{request: newRequest("OPTIONS", listPath, "Authorization: {made}"), want: ended(pat.ReasonInvalid)},
		{request: newRequest("GET", "/api/admin/nope", "Authorization: {made}"), want: ended(pat.ReasonInvalid)},
		{request: revoke("1").as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: revoke("abc").as("{made}"), want: ended(pat.ReasonInvalid)},
		{request: list(own), want: tokens("own")},
		{request: revoke("{id}"), want: done},
	}},
	{"a token that was never used is revoked", []step{
		{request: create(good), want: made},
		{request: revoke("{id}"), want: done},
		{request: list("Authorization: {made}"), want: denied(pat.ReasonInvalid)},
	}},
	{"a token revokes itself", []step{
		{request: revoke("1"), want: done},
		{request: list(own), want: ended(pat.ReasonInvalid)},
		{request: revoke("1"), want: ended(pat.ReasonInvalid)},
	}},
	{"a token is revoked by the operator", []step{
		{request: list(own), want: tokens("own")},
		{first: revokeOwn, request: list(own), want: ended(pat.ReasonInvalid)},
		{request: newRequest("HEAD", listPath, own), want: headOf(ended(pat.ReasonInvalid))},
	}},
	{"a user is disabled and enabled", []step{
		{request: list(own), want: tokens("own")},
		{first: setDisabled(true), request: list(own), want: ended(pat.ReasonDisabled)},
		{request: create(good), want: ended(pat.ReasonDisabled)},
		{first: setDisabled(false), request: list(own), want: tokens("own")},
	}},
	{"a user is deleted", []step{
		{request: list(own), want: tokens("own")},
		{first: deleteCaller, request: list(own), want: ended(pat.ReasonInvalid)},
		{request: revoke("1"), want: ended(pat.ReasonInvalid)},
	}},
	{"a create is repeated with its idempotency key", []step{
		{request: create(good).plus(onceOnly), want: made},
		{request: create(good).plus(onceOnly), want: made},
		{request: list("Authorization: {made}"), want: tokens("own", "laptop")},
		{request: described(`"other"`).plus(onceOnly), want: keySpent("The Idempotency-Key was used for another token.")},
		{request: described(`"other"`).as("{made}").plus(onceOnly), want: token(3, "other")},
		{request: revoke("2"), want: done},
		{request: create(good).plus(onceOnly), want: keySpent("The token that was created with this Idempotency-Key has been revoked or rotated.")},
		{request: list(own), want: tokens("own", "other")},
	}},
	{"a token in both spellings", []step{
		{request: create(good).plus(onceOnly), want: beginning(made, pat.PrefixUnleash)},
		{request: create(good).as("Bearer {pats}").plus(onceOnly), want: made},
		{request: list("Authorization: {madePats}"), want: tokens("own", "laptop")},
		{request: revoke("1").as("Bearer {madePats}"), want: done},
		{request: list("Authorization: {pats}"), want: denied(pat.ReasonInvalid)},
		{request: list(own), want: ended(pat.ReasonInvalid)},
	}},
	{"ids are not used again", []step{
		{request: create(good), want: made},
		{request: revoke("2"), want: done},
		{request: create(good), want: token(3, "laptop")},
	}},
	{"another user's ids are left alone", []step{
		{first: otherHasTwo, request: revoke("2"), want: done},
		{request: list("Authorization: {other}"), want: tokens("theirs", "second")},
		{request: revoke("2").as("{other}"), want: done},
		{request: list("Authorization: {other}"), want: tokens("theirs")},
		{request: list(own), want: tokens("own")},
	}},
	{"two users may use one description", []step{
		{request: create(good), want: made},
		{request: create(good).as("{other}"), want: made},
	}},
	{"ten tokens and no more", []step{
		{first: fillUp(9), request: create(good), want: token(10, "laptop")},
		{request: described(`"eleventh"`), want: limit},
		{request: create(good), want: limit},
		{request: described(`""`), want: rule("PAT description cannot be empty.")},
		{request: create("{}"), want: missing("description")},
		{request: list(own), want: tokens("own", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "laptop")},
		{request: revoke("10"), want: done},
		{request: described(`"eleventh"`), want: token(11, "eleventh")},
	}},
	{"an expired token is listed, counts, and can be revoked", []step{
		{first: addExpired("old"), request: list(own), want: tokens("own", "old")},
		{request: described(`"old"`), want: duplicate},
		{request: revoke("2"), want: done},
		{request: described(`"old"`), want: token(3, "old")},
	}},
	{"descriptions differ by case and inner spaces", []step{
		{request: described(`"laptop"`), want: made},
		{request: described(`"laptop"`), want: duplicate},
		{request: described(`"Laptop"`), want: token(3, "Laptop")},
		{request: described(`" lap top"`), want: token(4, "lap top")},
		{request: described(`3`), want: token(5, "3")},
		{request: described(`"3"`), want: duplicate},
	}},
	{"what is refused changes nothing", []step{
		{request: create("{}"), want: missing("description")},
		{request: create(good + "x"), want: notJSON},
		{request: until(`"{past}"`), want: rule("The expiry date should be in future.")},
		{request: revoke("abc"), want: notWhole("abc")},
		{request: list(own), want: tokens("own")},
	}},
	{"a token is shown as seen once it was used", []step{
		{request: list(own), want: seen(true)},
		{request: create(good), want: made},
		{request: list(own), want: seen(true, false)},
		{request: list("Authorization: {made}"), want: seen(true, true)},
	}},
	{"one token with every form of the scheme", []step{
		{request: list(own), want: tokens("own")},
		{request: list("Authorization: Bearer {token}"), want: tokens("own")},
		{first: revokeOwn, request: list("Authorization: bearer {token}"), want: denied(pat.ReasonInvalid)},
		{request: list("Authorization: Bearer {token}"), want: ended(pat.ReasonInvalid)},
	}},
}
