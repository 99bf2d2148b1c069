package authz_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// FuzzAuthorizationHeader: only the two valid tokens are allowed, in their spellings, with or without "Bearer", and the template's expression accepts them.
// Everything else is denied as invalid, with at most one read.
func FuzzAuthorizationHeader(f *testing.F) {
	fixture := newFixture(f)
	fixture.authorizer = authz.New(fixture.service, fixture.key, slog.New(slog.DiscardHandler))
	token, admin := fixture.holder.Secret.Reveal(), fixture.admin.Reveal()
	pats := pattest.InPats(token)
	valid := map[string]bool{token: true, pats: true, admin: true}
	for _, header := range []string{
		"", "Bearer", "Bearer ", token, "Bearer " + token, "bearer   " + token, token + "\n", " " + token, token[:len(token)-1], token + ", " + token,
		pats, "Bearer " + pats, pats + "\n", pats[:len(pats)-1], "pats_" + token, "pats_", pattest.InPats(pattest.Forge(f, fixture.holder.Token.Selector)),
		admin, "Bearer " + admin, admin + "\n", "*:*.", "*:*.nope", "user:nope", "Basic YWRtaW46dW5sZWFzaDRhbGw=", pattest.Forge(f, fixture.holder.Token.Selector),
		newToken(f, 99), "user:v2_" + strings.Repeat("A", 22) + "_" + strings.Repeat("B", 43), "user:" + strings.Repeat("0", 56), "\xff\x00",
	} {
		f.Add(header)
	}
	accepts := expression(f, false)
	f.Fuzz(func(t *testing.T, header string) {
		fixture.store.Forget()
		got := fixture.authorize(t, header)
		if reads := fixture.store.Count(pattest.CallAccount); reads > 1 {
			t.Errorf("%q: got %d reads, want at most one", header, reads)
		}
		switch presented := header[strings.LastIndexByte(header, ' ')+1:]; got.PolicyDocument.Statement[0].Effect {
		case "Allow":
			if !valid[presented] {
				t.Errorf("%q: allowed", header)
			}
			if !accepts.MatchString(header) {
				t.Errorf("%q: allowed, but API Gateway would refuse it", header)
			}
		case "Deny":
			if accepts.MatchString(header) && valid[presented] {
				t.Errorf("%q: denied", header)
			}
			if got.Context["reason"] != string(pat.ReasonInvalid) {
				t.Errorf("%q: got reason %v, want %q", header, got.Context["reason"], pat.ReasonInvalid)
			}
		}
		if resource := got.PolicyDocument.Statement[0].Resource; !cmp.Equal(resource, []string{stage + "/*"}) {
			t.Errorf("%q: got resource %v, want the stage", header, resource)
		}
	})
}
