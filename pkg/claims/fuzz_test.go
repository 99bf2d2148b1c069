package claims_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/claims"
)

// FuzzParse: whatever an authorizer's context is, Parse does not panic, and what it accepts is what it would hand on.
func FuzzParse(f *testing.F) {
	for _, context := range []map[string]any{
		valid(), with("role", "Editor"), with("scope", ""), with("scope", nil), with("userId", "07"), with("expiresAt", "2027-04-19T08:15:14+02:00"), without("tokenId"),
		with("claims", map[string]any{"sub": "7"}), {"jwt": map[string]any{"claims": map[string]any{}}}, {},
	} {
		text, err := json.Marshal(context)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var context map[string]any
		if json.Unmarshal(text, &context) != nil {
			return
		}
		got, err := claims.Parse(context)
		if err != nil {
			return
		}
		handed := got.Strings()
		if context["userId"] != handed.UserID || context["tokenId"] != handed.TokenID || context["username"] != handed.Username {
			t.Errorf("got %+v of %s", handed, text)
		}
		again, err := json.Marshal(handed)
		if err != nil {
			t.Fatal(err)
		}
		context = map[string]any{}
		if err := json.Unmarshal(again, &context); err != nil {
			t.Fatal(err)
		}
		// A context has milliseconds.
		got.ExpiresAt = got.ExpiresAt.UTC().Truncate(1e6)
		if parsed, err := claims.Parse(context); err != nil || !cmp.Equal(got, parsed) {
			t.Errorf("got %+v and %v from its own context, want %+v", parsed, err, got)
		}
	})
}
