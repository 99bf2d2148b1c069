package apitypes_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

func TestTimeMarshals(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 2*60*60)
	for name, c := range map[string]struct {
		at   time.Time
		want string
	}{
		"UTC":            {time.Date(2027, 4, 19, 8, 15, 14, 0, time.UTC), `"2027-04-19T08:15:14.000Z"`},
		"an offset":      {time.Date(2027, 4, 19, 8, 15, 14, 0, east), `"2027-04-19T06:15:14.000Z"`},
		"microseconds":   {time.Date(2027, 4, 19, 8, 15, 14, 123999000, time.UTC), `"2027-04-19T08:15:14.123Z"`},
		"the last year":  {time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), `"9999-12-31T23:59:59.999Z"`},
		"the first year": {time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC), `"0001-01-01T00:00:00.001Z"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(apitypes.Time{Time: c.at})
			if err != nil || string(got) != c.want {
				t.Errorf("Marshal: got %s, error %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestTimeUnmarshals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2027-04-19T08:15:14.000Z"`:  time.Date(2027, 4, 19, 8, 15, 14, 0, time.UTC),
		`"2027-04-19T08:15:14+02:00"`: time.Date(2027, 4, 19, 6, 15, 14, 0, time.UTC),
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var got apitypes.Time
			if err := json.Unmarshal([]byte(text), &got); err != nil || got.Time != want {
				t.Errorf("Unmarshal: got %v, error %v, want %v", got, err, want)
			}
		})
	}
	for _, text := range []string{`""`, `0`, `true`, `{}`, `"soon"`, `"2027-04-19"`} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var got apitypes.Time
			if err := json.Unmarshal([]byte(text), &got); err == nil {
				t.Errorf("Unmarshal: got %v, want an error", got)
			}
		})
	}
}

// TestRoundTrip checks that a client reads what the server writes, and that the members are Unleash's in Unleash's order.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 4, 19, 8, 15, 14, 0, time.UTC)
	token := pat.Token{ID: 2, Description: "ci", Scopes: pat.Unscoped(), CreatedAt: at, ExpiresAt: at}
	account := pat.Account{ID: 3, CreatedAt: at, Profile: pat.Profile{Username: "vera", Name: "Vera", Email: "v@example.com", Role: pat.Viewer, Disabled: true}}
	scopes, err := pat.NewScopes([]string{"b", "a"})
	if err != nil {
		t.Fatal(err)
	}
	scoped, byOperator, bySession, powerless, unscoped := token, token, token, token, token
	scoped.Scopes, scoped.Maker, scoped.Ancestors = scopes, pat.Maker{User: 1, Token: 5}, []pat.TokenID{5, 4}
	byOperator.Scopes = scopes
	bySession.Scopes, bySession.Maker = scopes, pat.Maker{User: 9}
	powerless.Scopes = pat.Scopes{}
	unscoped.Maker, unscoped.Ancestors = scoped.Maker, scoped.Ancestors
	const draftJSON = `"description":"ci","expiresAt":"2027-04-19T08:15:14.000Z"`
	const tokenJSON = `"id":2,"description":"ci","expiresAt":"2027-04-19T08:15:14.000Z","userId":1,"createdAt":"2027-04-19T08:15:14.000Z","seenAt":null`
	const userJSON = `"accountType":"User","id":3,"name":"Vera","username":"vera","email":"v@example.com","createdAt":"2027-04-19T08:15:14.000Z","rootRole":3,"disabled":true`
	for _, c := range []struct {
		value any
		want  string
	}{
		{apitypes.NewToken(1, token), `{` + tokenJSON + `}`},
		{apitypes.NewTokenList(1, nil), `{"pats":[]}`},
		{apitypes.NewTokenList(1, []pat.Token{token}), `{"pats":[{` + tokenJSON + `}]}`},
		{apitypes.CreatedToken{Token: apitypes.NewToken(1, token), Secret: "s"}, `{` + tokenJSON + `,"secret":"s"}`},
		{apitypes.NewToken(1, scoped), `{` + tokenJSON + `,"scopes":["a","b"],"createdBy":{"userId":1,"tokenId":5},"ancestors":[5,4]}`},
		{apitypes.NewToken(1, byOperator), `{` + tokenJSON + `,"scopes":["a","b"]}`},
		{apitypes.NewToken(1, bySession), `{` + tokenJSON + `,"scopes":["a","b"],"createdBy":{"userId":9}}`},
		{apitypes.NewToken(1, powerless), `{` + tokenJSON + `,"scopes":[]}`},
		{apitypes.NewToken(1, unscoped), `{` + tokenJSON + `}`},
		{apitypes.CreatedToken{Token: apitypes.NewToken(1, byOperator), Secret: "s"}, `{` + tokenJSON + `,"scopes":["a","b"],"secret":"s"}`},
		{apitypes.NewCreateToken(pat.Draft{Description: "ci", ExpiresAt: at, Scopes: pat.Unscoped()}), `{` + draftJSON + `}`},
		{apitypes.NewCreateToken(pat.Draft{Description: "ci", ExpiresAt: at, Scopes: scopes}), `{` + draftJSON + `,"scopes":["a","b"]}`},
		{apitypes.NewCreateToken(pat.Draft{Description: "ci", ExpiresAt: at}), `{` + draftJSON + `,"scopes":[]}`},
		{apitypes.NewUser(account), `{` + userJSON + `}`},
		{apitypes.CreatedUser{User: apitypes.NewUser(account)}, `{` + userJSON + `,"emailSent":false}`},
		{apitypes.Error{ID: "i", Name: "n", Message: "m", Details: []apitypes.Detail{{Message: "d"}, {Message: "e", Path: "/body"}}},
			`{"id":"i","name":"n","message":"m","details":[{"message":"d"},{"message":"e","path":"/body"}]}`},
	} {
		typ := reflect.TypeOf(c.value)
		t.Run(typ.Name(), func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(c.value)
			if err != nil || string(got) != c.want {
				t.Fatalf("Marshal: got %s, error %v, want %s", got, err, c.want)
			}
			back := reflect.New(typ)
			if err := json.Unmarshal(got, back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), c.value) {
				t.Errorf("Unmarshal: got %+v, error %v, want %+v", back.Elem(), err, c.value)
			}
		})
	}
}
