package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// frozen is a store with one account, which counts writes and keeps the last one without applying it.
type frozen struct {
	pat.Store
	account, written pat.Account
	writes           int
}

func (s *frozen) Account(_ context.Context, id pat.UserID) (pat.Account, error) {
	if id != s.account.ID {
		return pat.Account{}, &pat.Error{Kind: pat.KindNotFound, Message: "No user found"}
	}
	return s.account, nil
}

func (s *frozen) Accounts(context.Context, pat.UserID, int, ...pat.AccountType) ([]pat.Account, error) {
	return []pat.Account{s.account}, nil
}

func (s *frozen) FindUser(_ context.Context, key string) (pat.UserID, error) {
	if !slices.Contains(s.account.UniqueKeys(), key) {
		return 0, pat.NoUser(nil)
	}
	return s.account.ID, nil
}

func (s *frozen) CountAdmins(context.Context) (int, error) { return 1, nil }

func (s *frozen) CreateAccount(_ context.Context, draft pat.Account) (pat.Account, error) {
	draft.ID = s.account.ID + 1
	s.write(draft)
	return draft, nil
}

func (s *frozen) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	s.write(after)
	return nil
}

func (s *frozen) DeleteAccount(_ context.Context, account pat.Account) error {
	s.write(account)
	return nil
}

func (s *frozen) write(account pat.Account) {
	s.writes++
	s.written = account
}

func (s *frozen) forget() { s.written, s.writes = pat.Account{}, 0 }

// newFuzzFixture returns the handlers of tokens and users on a frozen account of an Admin with the tokens 1, 2 and 3, and the claims
// of token 1.
func newFuzzFixture(t testing.TB) (tokens, users *api.Handler, store *frozen, claims map[string]any) {
	t.Helper()
	store = &frozen{account: pat.Account{ID: 1, Profile: pat.Profile{Username: "frozen", Role: pat.Admin}, CreatedAt: pattest.Start, NextTokenID: 1, Version: 1}}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	for _, draft := range pattest.Drafts(3) {
		if _, _, err := service.CreateUserToken(t.Context(), 1, draft); err != nil {
			t.Fatal(err)
		}
		store.account = store.written
	}
	store.forget()
	who := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 1, Selector: store.account.Tokens[0].Selector}}
	log := slog.New(slog.DiscardHandler)
	return api.NewTokens(service, api.TokensSettings{Enabled: true}, log), api.NewUsers(service, pat.AdminKey{}, log), store, contextOf(who)
}

// FuzzCreateBody checks that every body results in a valid token, or in an error with a documented status and form; and that only
// tokens that are returned are written.
func FuzzCreateBody(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", good, good + "x", "\ufeff" + good, with("3"), with("1e400"), with(`"\ud800"`), with("\"\xff\""), with(`""`),
		until(`"soon"`), until(`"2027-04-19 08:15:14"`), until(`"2027-04-19T23:59:60.5Z"`), until(`"9999-12-31T23:59:59-01:00"`),
		scoped(`["pats:read","users:write"]`), scoped("[]"), scoped("null"), scoped(`["pats:read",1]`), scoped(`["a b"]`), scoped(`{}`),
		`{"description":[],"description":"b","expiresAt":"` + far + `"}`, padded(64 << 10), padded(64<<10 + 1), strings.Repeat("[", 11000),
	} {
		f.Add(body, "application/json", "", false)
	}
	f.Add(good, "text/plain", "", false)
	f.Add(good, "application/json; charset=utf-16", "gzip", false)
	f.Add("e30=", "application/json", "", true)
	f.Add("!", "application/json", "", true)
	handler, _, store, claims := newFuzzFixture(f)
	f.Fuzz(func(t *testing.T, body, contentType, encoding string, base64 bool) {
		store.forget()
		req := post(body)
		req.base64 = base64
		event := req.event(claims)
		event.MultiValueHeaders = map[string][]string{"Content-Type": {contentType}, "Content-Encoding": {encoding}}
		got, err := handler.Handle(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		switch got.StatusCode {
		case http.StatusCreated:
			token := wantToken(t, got, store.written)
			if _, sent := members(body)["scopes"]; sent && !base64 && token.Scopes.Unscoped() {
				t.Errorf("body %q: got a token without scopes, want them or an error", body)
			}
		case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusConflict:
			wantRefusal(t, got)
			if store.written.ID != 0 {
				t.Errorf("got status %d and a write, want no write", got.StatusCode)
			}
		default:
			t.Errorf("got status %d with %s", got.StatusCode, got.Body)
		}
	})
}

// members returns the members of a JSON object.
func members(body string) map[string]json.RawMessage {
	var found map[string]json.RawMessage
	_ = json.Unmarshal([]byte(strings.TrimPrefix(body, "\ufeff")), &found)
	return found
}

// wantToken checks that the token in a response is valid and was written, and returns it.
func wantToken(t *testing.T, got events.APIGatewayProxyResponse, written pat.Account) pat.Token {
	t.Helper()
	token := parse[made](t, got.Body)
	n := utf8.RuneCountInString(token.Description)
	if n == 0 || n > pat.MaxTextLen || strings.ContainsFunc(token.Description, unicode.IsControl) {
		t.Errorf("description: got %q, want 1 to %d characters without control characters", token.Description, pat.MaxTextLen)
	}
	expires, err := time.Parse("2006-01-02T15:04:05.000Z", token.ExpiresAt)
	if err != nil || !expires.After(pattest.Start) {
		t.Errorf("expiresAt: got %q, want a time after %s in the form of Unleash", token.ExpiresAt, pattest.Start)
	}
	secret, err := pat.ParseSecret(token.Secret)
	if err != nil {
		t.Fatal(err)
	}
	stored, found := written.Find(secret.Selector())
	if !found || stored.Description != token.Description || !stored.ExpiresAt.Equal(expires) || !stored.Verifier.Matches(secret) {
		t.Errorf("written: got %+v, want the token in the response: %+v", stored, token)
	}
	var scopes []string
	for _, scope := range stored.Scopes.List() {
		scopes = append(scopes, string(scope))
	}
	if !slices.Equal(scopes, token.Scopes) || stored.Scopes.Unscoped() != (token.Scopes == nil) {
		t.Errorf("written: got the scopes %q, want those in the response: %q", scopes, token.Scopes)
	}
	return stored
}

func wantRefusal(t *testing.T, got events.APIGatewayProxyResponse) {
	t.Helper()
	body := parse[problem](t, got.Body)
	if body.ID != requestID || body.Name == "" || body.Message == "" || len(body.Details) != 1 || body.Details[0].Message == "" {
		t.Errorf("body: got %s, want the request's id, a name, a message and one detail", got.Body)
	}
}

// FuzzRevokeID checks that every id results in a 200 or 400, and that only the token with this number is removed.
func FuzzRevokeID(f *testing.F) {
	for _, id := range []string{"1", "02", "+3", "3.0", "0x2", "0b11", "1e0", "%201", "1%00", "abc", "", "%zz", "%ff", "1e400", "-1", "4294967298", "1_0", "2p0", "Infinity"} {
		f.Add(id)
	}
	handler, _, store, claims := newFuzzFixture(f)
	f.Fuzz(func(t *testing.T, id string) {
		store.forget()
		event := remove("1").event(claims)
		event.PathParameters = map[string]string{"id": id}
		got, err := handler.Handle(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		switch got.StatusCode {
		case http.StatusOK:
		case http.StatusBadRequest:
			wantRefusal(t, got)
		default:
			t.Errorf("got status %d with %s", got.StatusCode, got.Body)
		}
		if store.written.ID != 0 && removed(store) != valueOf(t, id) {
			t.Errorf("id %q: removed token %s", id, removed(store))
		}
	})
}

// removed returns the id of the token that the last write removed.
func removed(store *frozen) string {
	for _, token := range store.account.Tokens {
		if _, kept := store.written.Find(token.Selector); !kept && len(store.written.Tokens) == len(store.account.Tokens)-1 {
			return big.NewInt(int64(token.ID)).String()
		}
	}
	return "none"
}

// valueOf reads an id in another way than the handler does.
func valueOf(t *testing.T, id string) string {
	t.Helper()
	text, err := url.PathUnescape(id)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	if slices.ContainsFunc([]string{"0x", "0o", "0b"}, func(p string) bool { return strings.HasPrefix(strings.ToLower(text), p) }) {
		whole, ok := new(big.Int).SetString(text, 0)
		if !ok {
			t.Fatalf("id %q is not a number", id)
		}
		return whole.String()
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("id %q is not a number", id)
	}
	return value.RatString()
}

// statuses are the statuses of the API.
var statuses = []int{
	http.StatusOK, http.StatusCreated, http.StatusNotModified, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden,
	http.StatusNotFound, http.StatusConflict, http.StatusUnsupportedMediaType,
}

// FuzzEvent checks that every event results in one of the statuses of the API. An event without a valid caller results in an error and
// no write, unless it is for the OpenAPI document; likewise on the ADMIN routes for a caller who is not an Admin.
func FuzzEvent(f *testing.F) {
	tokens, users, store, claims := newFuzzFixture(f)
	named, err := json.Marshal(claims)
	if err != nil {
		f.Fatal(err)
	}
	who := `,"requestContext":{"authorizer":` + string(named) + `}}`
	for _, event := range []string{
		`{}`, `{"resource":"/docs/openapi.json","httpMethod":"GET"}`,
		`{"resource":"/api/admin/user","httpMethod":"GET"` + who,
		`{"resource":"/api/admin/user-admin/{id}","httpMethod":"DELETE","pathParameters":{"id":"%31"}` + who,
		`{"resource":"/api/admin/user-admin","httpMethod":"GET","queryStringParameters":{"after":"-1","limit":"1e3"}` + who,
		`{"resource":"/api/admin/user/tokens/{id}","httpMethod":"DELETE","pathParameters":null` + who,
		`{"resource":"/api/admin/user/tokens","httpMethod":"OPTIONS","isBase64Encoded":true,"body":"e30="` + who,
		`{"resource":"/api/admin/user/tokens","httpMethod":"POST","multiValueHeaders":{"content-type":["application/json"],"Content-Type":[""]},"body":"{}"` + who,
		`{"resource":"/api/admin/user","httpMethod":"GET","requestContext":{"authorizer":{"kind":"admin","userId":1}}}`,
		strings.Replace(`{"resource":"/api/admin/user-admin","httpMethod":"GET"`+who, string(store.account.Tokens[0].Selector), strings.Repeat("A", 21)+"w", 1),
		strings.Replace(`{"resource":"/api/admin/user-admin","httpMethod":"GET"`+who, `"userId":"1"`, `"userId":"2"`, 1),
	} {
		f.Add(event, true)
		f.Add(event, false)
	}
	f.Fuzz(func(t *testing.T, text string, admin bool) {
		var event events.APIGatewayProxyRequest
		if json.Unmarshal([]byte(text), &event) != nil {
			t.Skip("no event")
		}
		known, err := pat.ParseClaims(event.RequestContext.Authorizer)
		there := err == nil && known.Identity.User == 1 && known.Identity.Selector == store.account.Tokens[0].Selector
		store.account.Role = map[bool]pat.Role{true: pat.Admin, false: pat.Viewer}[admin]
		there = there && (admin || !strings.HasPrefix(event.Resource, api.ResourceUsers))
		for _, handler := range []*api.Handler{tokens, users} {
			store.forget()
			got, err := handler.Handle(t.Context(), event)
			if err != nil || !slices.Contains(statuses, got.StatusCode) {
				t.Errorf("got status %d, error %v and %s", got.StatusCode, err, got.Body)
			}
			open := event.Resource == api.ResourceOpenAPI || event.HTTPMethod == http.MethodOptions && known.Kind != ""
			if !there && !open && (got.StatusCode < http.StatusBadRequest || store.writes > 0) {
				t.Errorf("got status %d and %d writes, want an error and no writes for a caller without access", got.StatusCode, store.writes)
			}
		}
	})
}

// FuzzUserBody checks that every body of a new or updated user is refused, or results in a valid profile.
func FuzzUserBody(f *testing.F) {
	_, users, store, claims := newFuzzFixture(f)
	for _, body := range []string{
		"{}", `{"username":"a","rootRole":3}`, `{"email":"A@b.example","name":"` + strings.Repeat("é", 255) + `","rootRole":"Viewer"}`,
		`{"username":"\u0000","rootRole":1}`, `{"username":"a","rootRole":1e0}`, `{"username":[],"rootRole":null}`, `{"disabled":true}`,
		`{"email":"a@b","rootRole":0}`, `{"email":"\"a b\"@[::1]","rootRole":"3"}`, `{"name":null,"email":null}`, `{"sendEmail":true,"password":"x"}`,
	} {
		f.Add(http.MethodPost, body)
		f.Add(http.MethodPut, body)
	}
	f.Fuzz(func(t *testing.T, method, body string) {
		store.forget()
		event := events.APIGatewayProxyRequest{
			Resource: api.ResourceUsers, HTTPMethod: method, Body: body, Headers: map[string]string{"Content-Type": "application/json"},
			RequestContext: events.APIGatewayProxyRequestContext{Authorizer: claims},
		}
		if method == http.MethodPut {
			event.Resource, event.PathParameters = api.ResourceUser, map[string]string{"id": "1"}
		}
		got, err := users.Handle(t.Context(), event)
		if err != nil || !slices.Contains(statuses, got.StatusCode) {
			t.Fatalf("got status %d, error %v and %s", got.StatusCode, err, got.Body)
		}
		if store.writes > 0 && got.StatusCode >= http.StatusBadRequest {
			t.Errorf("got status %d and %d writes, want no writes", got.StatusCode, store.writes)
		}
		if store.writes > 0 {
			wantKept(t, store.written.Profile)
		}
	})
}

// wantKept checks that a profile is valid.
func wantKept(t *testing.T, profile pat.Profile) {
	t.Helper()
	for _, text := range []string{profile.Username, profile.Name, profile.Email} {
		if utf8.RuneCountInString(text) > pat.MaxTextLen || strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
			t.Errorf("got %q written", text)
		}
	}
	if profile.Username+profile.Email == "" || profile.Email != strings.ToLower(profile.Email) || profile.Role < pat.Admin || profile.Role > pat.Viewer {
		t.Errorf("got %+v written", profile)
	}
}
