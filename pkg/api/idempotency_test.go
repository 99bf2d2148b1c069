package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// keyed returns a create with the holder's token and these lines in the headers.
func keyed(h pattest.Holder, body string, lines ...string) request {
	c := post(body)
	c.headers = append(append(c.headers, "Authorization: "+h.Secret.Reveal()), lines...)
	return c
}

func TestRepeatedCreateHasTheSameResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	first := f.do(t, h, keyed(h, good, "Idempotency-Key: k"))
	wantStatus(t, first, http.StatusCreated)
	for name, again := range map[string]request{
		"as it was":      keyed(h, good, "Idempotency-Key: k"),
		"as Bearer":      {http.MethodPost, post(good).path, []string{"Content-Type: application/json", "Authorization: bearer  " + h.Secret.Reveal(), "idempotency-key: k"}, good, false},
		"in other words": keyed(h, ` {"expiresAt":"2027-04-19T10:15:14+02:00", "description":"laptop"}`, "Idempotency-Key: k"),
	} {
		got := f.do(t, h, again)
		wantStatus(t, got, http.StatusCreated)
		if got.Body != first.Body {
			t.Errorf("%s: got another response than the first, want the same", name)
		}
		wantHeader(t, got, "Cache-Control", "no-store")
	}
}

func TestIdempotencyKeyRefusals(t *testing.T) {
	t.Parallel()
	const malformed = "The Idempotency-Key must be 1 to 255 visible ASCII characters."
	for name, c := range map[string]struct {
		lines  []string
		body   string
		status int
		want   problem
	}{
		"for another body": {[]string{"Idempotency-Key: k"}, with(`"other"`), http.StatusUnprocessableEntity,
			plain("IdempotencyKeyError", "The Idempotency-Key was used for another token.")},
		"for an invalid description": {[]string{"Idempotency-Key: k"}, with(`""`), http.StatusBadRequest, rule("PAT description cannot be empty.")},
		"for an expiry in the past": {[]string{"Idempotency-Key: k"}, until(`"2000-01-01T00:00:00Z"`), http.StatusBadRequest,
			rule("The expiry date should be in future.")},
		"empty":    {[]string{"Idempotency-Key: "}, good, http.StatusBadRequest, rule(malformed)},
		"too long": {[]string{"Idempotency-Key: " + strings.Repeat("k", 256)}, good, http.StatusBadRequest, rule(malformed)},
		"twice": {[]string{"Idempotency-Key: k", "Idempotency-Key: k"}, good, http.StatusBadRequest,
			rule("There is more than one Idempotency-Key.")},
		"with a bad body": {[]string{"Idempotency-Key: "}, `{"expiresAt":"` + far + `"}`, http.StatusBadRequest, missing("description")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			wantStatus(t, f.do(t, h, keyed(h, good, "Idempotency-Key: k")), http.StatusCreated)
			wantProblem(t, f.do(t, h, keyed(h, c.body, c.lines...)), c.status, c.want)
			if got := len(f.descriptions(t, h)); got != 2 {
				t.Errorf("the user has %d tokens, want 2", got)
			}
		})
	}
}

func TestIdempotencyKeyOfARevokedToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, keyed(h, good, "Idempotency-Key: k")), http.StatusCreated)
	wantStatus(t, f.do(t, h, remove("2")), http.StatusOK)
	wantProblem(t, f.do(t, h, keyed(h, good, "Idempotency-Key: k")), http.StatusUnprocessableEntity,
		plain("IdempotencyKeyError", "The token that was created with this Idempotency-Key has been revoked or rotated."))
}

// TestIdempotencyKeyOfAnExpiredToken checks that a repetition does not return a secret that no longer works.
func TestIdempotencyKeyOfAnExpiredToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	create := keyed(h, until(`"2026-01-02T04:04:05.678Z"`), "Idempotency-Key: k")
	wantStatus(t, f.do(t, h, create), http.StatusCreated)
	f.clock.Advance(time.Hour - time.Millisecond)
	wantStatus(t, f.do(t, h, create), http.StatusCreated)
	f.clock.Advance(time.Millisecond)
	wantProblem(t, f.do(t, h, create), http.StatusBadRequest, rule("The expiry date should be in future."))
}

// TestIdempotencyKeyWithoutItsToken checks that an event with another token than the authorizer accepted creates nothing.
func TestIdempotencyKeyWithoutItsToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h, other := f.holder(t), f.holder(t)
	for name, line := range map[string]string{
		"no header": "X: y", "another user's token": "Authorization: " + other.Secret.Reveal(), "no token": "Authorization: Basic eDp5",
		"an admin API token": "Authorization: " + pat.AdminPrefix + "x",
	} {
		c := post(good)
		c.headers = append(c.headers, line, "Idempotency-Key: k")
		got := f.do(t, h, c)
		if got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: got status %d, want 401", name, got.StatusCode)
		}
	}
	if got := len(f.descriptions(t, h)); got != 1 {
		t.Errorf("the user has %d tokens, want 1", got)
	}
}

func TestIdempotencyKeyIsIgnoredElsewhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	wantStatus(t, f.do(t, h, get("Idempotency-Key: ")), http.StatusOK)
}
