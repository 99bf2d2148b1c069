package api_test

import (
	"context"
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

// frozen is a store with one account, which keeps the last write without applying it.
type frozen struct {
	pat.Store
	account pat.Account
	written pat.Account
}

func (s *frozen) Account(context.Context, pat.UserID) (pat.Account, error) { return s.account, nil }

func (s *frozen) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	s.written = after
	return nil
}

// newFuzzFixture returns a handler on a frozen account with the tokens 1, 2 and 3, and the claims of their holder.
func newFuzzFixture(t testing.TB) (*api.Handler, *frozen, map[string]any) {
	t.Helper()
	env := pattest.Env(pattest.NewClock())
	store := &frozen{account: pat.Account{ID: 1, NextTokenID: 1, Version: 1}}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, env)
	for _, draft := range pattest.Drafts(3) {
		if _, _, err := service.CreateUserToken(t.Context(), 1, draft); err != nil {
			t.Fatal(err)
		}
		store.account = store.written
	}
	who := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: 1, Selector: store.account.Tokens[0].Selector}}
	return api.NewTokens(service, api.TokensSettings{Enabled: true}, slog.New(slog.DiscardHandler)), store, contextOf(who)
}

// FuzzCreateBody checks that every body results in a valid token, or in an error with a documented status and form; and that only
// tokens that are returned are written.
func FuzzCreateBody(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", good, good + "x", "\ufeff" + good, with("3"), with("1e400"), with(`"\ud800"`), with("\"\xff\""), with(`""`),
		until(`"soon"`), until(`"2027-04-19 08:15:14"`), until(`"2027-04-19T23:59:60.5Z"`), until(`"9999-12-31T23:59:59-01:00"`),
		`{"description":[],"description":"b","expiresAt":"` + far + `"}`, padded(64 << 10), padded(64<<10 + 1), strings.Repeat("[", 11000),
	} {
		f.Add(body, "application/json", "", false)
	}
	f.Add(good, "text/plain", "", false)
	f.Add(good, "application/json; charset=utf-16", "gzip", false)
	f.Add("e30=", "application/json", "", true)
	f.Add("!", "application/json", "", true)
	handler, store, claims := newFuzzFixture(f)
	f.Fuzz(func(t *testing.T, body, contentType, encoding string, base64 bool) {
		store.written = pat.Account{}
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
			wantToken(t, got, store.written)
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

func wantToken(t *testing.T, got events.APIGatewayProxyResponse, written pat.Account) {
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
	handler, store, claims := newFuzzFixture(f)
	f.Fuzz(func(t *testing.T, id string) {
		store.written = pat.Account{}
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
