package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
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

// lone is a store with one user, which keeps the last profile that was written without applying it.
type lone struct {
	account pat.Account
	writes  int
	profile pat.Profile
}

func (s *lone) Account(_ context.Context, id pat.UserID) (pat.Account, error) {
	if id != s.account.ID {
		return pat.Account{}, &pat.Error{Kind: pat.KindNotFound, Message: "No user found"}
	}
	return s.account, nil
}

func (s *lone) Accounts(context.Context, pat.UserID, int) ([]pat.Account, error) {
	return []pat.Account{s.account}, nil
}

func (s *lone) FindUser(_ context.Context, key string) (pat.UserID, error) {
	if !slices.Contains(s.account.UniqueKeys(), key) {
		return 0, pat.NoUser(nil)
	}
	return s.account.ID, nil
}

func (s *lone) CountAdmins(context.Context) (int, error) { return 1, nil }

func (s *lone) CreateAccount(_ context.Context, draft pat.Account) (pat.Account, error) {
	s.write(draft.Profile)
	draft.ID = s.account.ID + 1
	return draft, nil
}

func (s *lone) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	s.write(after.Profile)
	return nil
}

func (s *lone) DeleteAccount(_ context.Context, account pat.Account) error {
	s.write(account.Profile)
	return nil
}

func (s *lone) ReserveUserIDs(context.Context, pat.UserID) error { return nil }

func (s *lone) ImportAccount(context.Context, pat.Account, pat.Account) error { return nil }

func (s *lone) CheckSize(pat.Account) error { return nil }

func (s *lone) LookUp(context.Context, pat.Selector) (pat.UserID, error) { return 0, nil }

func (s *lone) MarkSeen(context.Context, pat.Account, pat.TokenID, time.Time) error { return nil }

func (s *lone) write(profile pat.Profile) {
	s.writes++
	s.profile = profile
}

// newLoneFixture returns both handlers on a store with one Admin, and the claims of that Admin.
func newLoneFixture(tb testing.TB) (tokens, users *api.Handler, store *lone, claims map[string]any) {
	tb.Helper()
	selector := pat.Selector(strings.Repeat("A", 21) + "Q")
	store = &lone{account: pat.Account{
		ID: 1, Profile: pat.Profile{Username: "lone", Role: pat.Admin}, CreatedAt: pattest.Start, NextTokenID: 2, Version: 1,
		Tokens: []pat.Token{{ID: 1, Description: "own", Scopes: pat.Unscoped(), Selector: selector, CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime)}},
	}}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	log := slog.New(slog.DiscardHandler)
	who := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 1, Selector: selector}}
	claims = map[string]any{}
	for name, value := range who.Claims() {
		claims[name] = value
	}
	return api.NewTokens(service, api.TokensSettings{Enabled: true}, log), api.NewUsers(service, pat.AdminKey{}, log), store, claims
}

// statuses are the statuses of the API.
var statuses = []int{
	http.StatusOK, http.StatusCreated, http.StatusNotModified, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden,
	http.StatusNotFound, http.StatusConflict, http.StatusUnsupportedMediaType,
}

// FuzzEvent checks that every event results in one of the statuses of the API. An event without a valid caller results in an error and
// no write, unless it is for the OpenAPI document; likewise on the ADMIN routes for a caller who is not an Admin.
func FuzzEvent(f *testing.F) {
	tokens, users, store, claims := newLoneFixture(f)
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
		strings.Replace(`{"resource":"/api/admin/user-admin","httpMethod":"GET"`+who, "AQ", "Aw", 1),
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
			store.writes = 0
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
	_, users, store, claims := newLoneFixture(f)
	for _, body := range []string{
		"{}", `{"username":"a","rootRole":3}`, `{"email":"A@b.example","name":"` + strings.Repeat("é", 255) + `","rootRole":"Viewer"}`,
		`{"username":"\u0000","rootRole":1}`, `{"username":"a","rootRole":1e0}`, `{"username":[],"rootRole":null}`, `{"disabled":true}`,
		`{"email":"a@b","rootRole":0}`, `{"email":"\"a b\"@[::1]","rootRole":"3"}`, `{"name":null,"email":null}`, `{"sendEmail":true,"password":"x"}`,
	} {
		f.Add(http.MethodPost, body)
		f.Add(http.MethodPut, body)
	}
	f.Fuzz(func(t *testing.T, method, body string) {
		store.writes = 0
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
			wantKept(t, store.profile)
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
