package claims_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/claims"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

var expiry = time.Date(2027, 4, 19, 8, 15, 14, 123e6, time.UTC)

// valid returns the context of a token that is limited to two scopes.
func valid() map[string]any {
	return map[string]any{
		"userId": "7", "username": "vera", "scope": "orders:read orders:write", "tokenId": "3", "expiresAt": "2027-04-19T08:15:14.123Z",
	}
}

// with returns a valid context with one member changed.
func with(name string, value any) map[string]any {
	context := valid()
	context[name] = value
	return context
}

func without(name string) map[string]any {
	context := valid()
	delete(context, name)
	return context
}

func newHolder(scopes pat.Scopes) pat.Holder {
	return pat.Holder{
		Account: pat.Account{ID: 7, Profile: pattest.Profile("vera", pat.Editor)},
		Token:   pat.Token{ID: 3, Scopes: scopes, ExpiresAt: expiry, Selector: "selector", Verifier: "verifier"},
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	limited, err := pat.NewScopes([]string{"orders:read"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		scopes  pat.Scopes
		granted []pat.Scope
		want    string
	}{
		"unscoped":         {pat.Unscoped(), []pat.Scope{"a", "b"}, `{"userId":"7","username":"vera","scope":"a b","tokenId":"3","expiresAt":"2027-04-19T08:15:14.123Z","role":"Editor"}`},
		"limited":          {limited, []pat.Scope{"orders:read"}, `{"userId":"7","username":"vera","scope":"orders:read","tokenId":"3","expiresAt":"2027-04-19T08:15:14.123Z"}`},
		"limited, nothing": {limited, nil, `{"userId":"7","username":"vera","scope":"","tokenId":"3","expiresAt":"2027-04-19T08:15:14.123Z"}`},
		"the zero scopes":  {pat.Scopes{}, nil, `{"userId":"7","username":"vera","scope":"","tokenId":"3","expiresAt":"2027-04-19T08:15:14.123Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(claims.Of(newHolder(c.scopes), c.granted).Strings())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("context (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRoundTrip: what an authorizer hands on is what an API reads, also through JSON and beside members that the gateway adds.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := claims.Claims{
			UserID:    pat.UserID(rapid.Int64Range(1, pat.MaxID).Draw(t, "user")),
			Username:  rapid.String().Draw(t, "username"),
			Scopes:    rapid.SliceOfN(rapid.Custom(drawScope), 0, 25).Draw(t, "scopes"),
			TokenID:   pat.TokenID(rapid.Int64Range(1, pat.MaxID).Draw(t, "token")),
			ExpiresAt: time.UnixMilli(rapid.Int64Range(0, 253402300799999).Draw(t, "expiry")).UTC(),
			Role:      rapid.SampledFrom([]pat.Role{0, pat.Admin, pat.Editor, pat.Viewer}).Draw(t, "role"),
		}
		text, err := json.Marshal(want.Strings())
		if err != nil {
			t.Fatal(err)
		}
		context := map[string]any{}
		if err := json.Unmarshal(text, &context); err != nil {
			t.Fatal(err)
		}
		maps.Copy(context, map[string]any{"principalId": "user:7", "integrationLatency": 12.0})
		got, err := claims.Parse(context)
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		if len(want.Scopes) == 0 {
			want.Scopes = nil
		}
		want.Username = strings.ToValidUTF8(want.Username, "\uFFFD")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
	})
}

func drawScope(t *rapid.T) pat.Scope {
	return pat.Scope(rapid.StringMatching(`[A-Za-z0-9._:/-]{1,64}`).Draw(t, "scope"))
}

func TestParse(t *testing.T) {
	t.Parallel()
	base := claims.Claims{
		UserID: 7, Username: "vera", Scopes: []pat.Scope{"orders:read", "orders:write"}, TokenID: 3, ExpiresAt: expiry,
	}
	for name, c := range map[string]struct {
		context map[string]any
		change  func(*claims.Claims)
	}{
		"limited":             {valid(), func(*claims.Claims) {}},
		"unscoped":            {with("role", "Editor"), func(c *claims.Claims) { c.Role = pat.Editor }},
		"a role that is new":  {with("role", "Owner"), func(*claims.Claims) {}},
		"a role of a number":  {with("role", 1.0), func(*claims.Claims) {}},
		"no scopes":           {with("scope", ""), func(c *claims.Claims) { c.Scopes = nil }},
		"blanks alone":        {with("scope", "  "), func(c *claims.Claims) { c.Scopes = nil }},
		"more blanks":         {with("scope", " a  b "), func(c *claims.Claims) { c.Scopes = []pat.Scope{"a", "b"} }},
		"a tab is no blank":   {with("scope", "a\tb"), func(c *claims.Claims) { c.Scopes = []pat.Scope{"a\tb"} }},
		"no username":         {with("username", ""), func(c *claims.Claims) { c.Username = "" }},
		"a whole second":      {with("expiresAt", "2027-04-19T08:15:14Z"), func(c *claims.Claims) { c.ExpiresAt = expiry.Truncate(time.Second) }},
		"a member more":       {with("principalId", "user:7"), func(*claims.Claims) {}},
		"the largest user ID": {with("userId", "9007199254740991"), func(c *claims.Claims) { c.UserID = pat.MaxID }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := claims.Parse(c.context)
			if err != nil {
				t.Fatal(err)
			}
			want := base
			c.change(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const secret = "in-the-wrong-place"
	for name, c := range map[string]struct {
		context map[string]any
		want    string
	}{
		"nil":                       {nil, claims.ErrNone.Error()},
		"empty":                     {map[string]any{}, claims.ErrNone.Error()},
		"no scope":                  {without("scope"), "the claim scope is missing"},
		"scope null":                {with("scope", nil), "the claim scope is not a text"},
		"a list of scopes":          {with("scope", []any{"orders:read"}), "the claim scope is not a text"},
		"no user":                   {without("userId"), "the claim userId is missing"},
		"user 0":                    {with("userId", "0"), "the claim userId is not an ID"},
		"user -1":                   {with("userId", "-1"), "the claim userId is not an ID"},
		"user 07":                   {with("userId", "07"), "the claim userId is not an ID"},
		"user +7":                   {with("userId", "+7"), "the claim userId is not an ID"},
		"user above the largest":    {with("userId", "9007199254740992"), "the claim userId is not an ID"},
		"a user of a number":        {with("userId", 7.0), "the claim userId is not a text"},
		"a user of another kind":    {with("userId", secret), "the claim userId is not an ID"},
		"no token":                  {without("tokenId"), "the claim tokenId is missing"},
		"token 0":                   {with("tokenId", "0"), "the claim tokenId is not an ID"},
		"no username":               {without("username"), "the claim username is missing"},
		"no expiry":                 {without("expiresAt"), "the claim expiresAt is missing"},
		"an empty expiry":           {with("expiresAt", ""), "the claim expiresAt is not a time"},
		"an expiry of a number":     {with("expiresAt", 1.8e9), "the claim expiresAt is not a text"},
		"an expiry of another form": {with("expiresAt", secret), "the claim expiresAt is not a time"},
		"an expiry without a zone":  {with("expiresAt", "2027-04-19T08:15:14"), "the claim expiresAt is not a time"},
		"a JWT authorizer's":        {map[string]any{"claims": map[string]any{"sub": "7", "scope": "orders:read"}}, "the claim userId is missing"},
		"the service's own":         {map[string]any{"kind": "user", "userId": "7", "selector": "x"}, "the claim username is missing"},
		"names in another case":     {map[string]any{"UserId": "7", "Scope": "x"}, "the claim userId is missing"},
		"an authorizer's reason":    {map[string]any{"reason": "The token has expired."}, "the claim userId is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := claims.Parse(c.context)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if diff := cmp.Diff(claims.Claims{}, got); diff != "" {
				t.Errorf("got claims with an error (-want +got):\n%s", diff)
			}
			if errors.Is(err, claims.ErrNone) != (len(c.context) == 0) {
				t.Errorf("got %v, want ErrNone for an empty context alone", err)
			}
		})
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	c := claims.Claims{Scopes: []pat.Scope{"orders:read", "a"}}
	for scope, want := range map[pat.Scope]bool{
		"orders:read": true, "a": true, "orders": false, "orders:rea": false, "Orders:read": false, "orders:read ": false, "orders:read a": false, "*": false, "": false,
	} {
		if got := c.Has(scope); got != want {
			t.Errorf("%q: got %t, want %t", scope, got, want)
		}
	}
	if (claims.Claims{}).Has("") {
		t.Error("no scopes: got the empty scope, want none")
	}
}

func TestExpiredAt(t *testing.T) {
	t.Parallel()
	c := claims.Claims{ExpiresAt: expiry}
	for offset, want := range map[time.Duration]bool{-time.Millisecond: false, 0: true, time.Millisecond: true} {
		if got := c.ExpiredAt(expiry.Add(offset)); got != want {
			t.Errorf("%v after the expiry: got %t, want %t", offset, got, want)
		}
	}
	if !(claims.Claims{}).ExpiredAt(expiry) {
		t.Error("the zero Claims: got a valid token, want an expired one")
	}
}
