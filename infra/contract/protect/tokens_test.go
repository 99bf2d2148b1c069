package protect_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The scopes of the APIs, and the parameter of pats that lists them.
const (
	read   = "orders:read"
	write  = "orders:write"
	listed = read + "," + write + "@Editor"
)

// bearer is an Authorization header.
type bearer struct {
	// name describes the header in a failure, which must not quote it.
	name   string
	header string
	// valid is set for a token that the shared authorizer must accept.
	valid bool
	// scopes are those of the APIs that a valid token carries.
	scopes []string
	// username is the holder's.
	username string
}

func (b bearer) opens(scope string) bool { return slices.Contains(b.scopes, scope) }

// forms returns the header in both spellings of the token, each with and without the scheme.
func (b bearer) forms() []bearer {
	var forms []bearer
	short := b
	short.name += " as pats_"
	short.header = string(pat.PrefixPats) + strings.TrimPrefix(b.header, string(pat.PrefixUnleash))
	for _, bare := range []bearer{b, short} {
		schemed := bare
		schemed.name += " after Bearer"
		schemed.header = "Bearer " + bare.header
		forms = append(forms, bare, schemed)
	}
	return forms
}

// bearers returns every kind of Authorization header.
func (e *env) bearers(t *testing.T) []bearer {
	t.Helper()
	all := []bearer{
		{name: "no header"},
		{name: "junk", header: "junk"},
		{name: "only the scheme", header: "Bearer"},
		{name: "another scheme", header: "Basic " + e.newToken(t, e.newUser(t, pat.Editor), pat.Unscoped())},
		{name: "two tokens", header: e.newToken(t, e.newUser(t, pat.Editor), pat.Unscoped()) + ", " + e.newToken(t, e.newUser(t, pat.Editor), pat.Unscoped())},
		{name: "the admin API token", header: e.admin},
		{name: "the admin API token after Bearer", header: "Bearer " + e.admin},
	}
	for _, token := range append(e.validTokens(t), e.refusedTokens(t)...) {
		all = append(all, token.forms()...)
	}
	return all
}

// validTokens returns tokens of two users and of a demoted one.
func (e *env) validTokens(t *testing.T) []bearer {
	t.Helper()
	editor, viewer, demoted := e.newUser(t, pat.Editor), e.newUser(t, pat.Viewer), e.newUser(t, pat.Editor)
	tokens := []bearer{
		{name: "an Editor's unscoped token", header: e.newToken(t, editor, pat.Unscoped()), scopes: []string{read, write}, username: editor.Username},
		{name: "a Viewer's unscoped token", header: e.newToken(t, viewer, pat.Unscoped()), scopes: []string{read}, username: viewer.Username},
		{name: "a token to read", header: e.newToken(t, editor, scopes(t, read)), scopes: []string{read}, username: editor.Username},
		{name: "a token to write", header: e.newToken(t, editor, scopes(t, write)), scopes: []string{write}, username: editor.Username},
		{name: "a token with both scopes", header: e.newToken(t, editor, scopes(t, read, write)), scopes: []string{read, write}, username: editor.Username},
		{name: "a Viewer's token to read", header: e.newToken(t, viewer, scopes(t, read)), scopes: []string{read}, username: viewer.Username},
		{name: "a token with other scopes", header: e.newToken(t, editor, scopes(t, "pats:read")), username: editor.Username},
		{name: "a demoted Editor's token to write", header: e.newToken(t, demoted, scopes(t, write)), username: demoted.Username},
	}
	_, err := e.service(0).UpdateUser(t.Context(), demoted.ID, func(p *pat.Profile) { p.Role = pat.Viewer })
	must.Do(t, err)
	for i := range tokens {
		tokens[i].valid = true
	}
	return tokens
}

func (e *env) refusedTokens(t *testing.T) []bearer {
	t.Helper()
	gone := func(happens func(context.Context, *pat.Service, pat.UserID) error) string {
		user := e.newUser(t, pat.Editor)
		token := e.newToken(t, user, pat.Unscoped())
		must.Do(t, happens(t.Context(), e.service(0), user.ID))
		return token
	}
	stranger, err := pat.NewSecret(rand.Reader, pat.MaxID)
	must.Do(t, err)
	return []bearer{
		{name: "a wrong checksum", header: pattest.Mistyped(e.newToken(t, e.newUser(t, pat.Editor), pat.Unscoped()))},
		{name: "a token without its last character", header: stranger.Reveal()[:pat.SecretLen-1]},
		{name: "a token of no user", header: stranger.Reveal()},
		{name: "an expired token", header: e.newExpired(t)},
		{name: "a revoked token", header: gone(func(ctx context.Context, s *pat.Service, user pat.UserID) error {
			return s.RevokeUserToken(ctx, user, 1)
		})},
		{name: "a disabled user's token", header: gone(func(ctx context.Context, s *pat.Service, user pat.UserID) error {
			return pattest.SetDisabled(ctx, s, user, true)
		})},
		{name: "a deleted user's token", header: gone(func(ctx context.Context, s *pat.Service, user pat.UserID) error { return s.DeleteUser(ctx, user) })},
	}
}

func (e *env) newUser(t *testing.T, role pat.Role) pat.Account {
	t.Helper()
	user, err := e.service(0).CreateUser(t.Context(), pat.Profile{Username: strings.ToLower(rand.Text()), Role: role})
	must.Do(t, err)
	return user
}

// newToken returns a new token of the user that expires in an hour.
func (e *env) newToken(t *testing.T, user pat.Account, scopes pat.Scopes) string {
	t.Helper()
	return e.newTokenUntil(t, user, scopes, time.Now().Add(time.Hour), 0)
}

// newExpired returns a token that expired an hour ago.
func (e *env) newExpired(t *testing.T) string {
	t.Helper()
	return e.newTokenUntil(t, e.newUser(t, pat.Editor), pat.Unscoped(), time.Now().Add(-time.Hour), 2*time.Hour)
}

// newTokenUntil returns a token that expires then, created as if that were some time ago.
func (e *env) newTokenUntil(t *testing.T, user pat.Account, scopes pat.Scopes, then time.Time, ago time.Duration) string {
	t.Helper()
	draft := pat.Draft{Description: rand.Text(), ExpiresAt: then, Scopes: scopes}
	_, secret, err := e.service(ago).CreateUserToken(t.Context(), user.ID, draft)
	must.Do(t, err)
	return secret.Reveal()
}

// service returns a Service on the table of pats whose clock is late by ago.
func (e *env) service(ago time.Duration) *pat.Service {
	system := pat.SystemEnv(slog.New(slog.DiscardHandler))
	system.Now = func() time.Time { return time.Now().Add(-ago) }
	return pat.NewService(e.pats.Store, pat.Settings{Retention: pat.DefaultRetention, Scopes: e.catalog}, system)
}

func scopes(t *testing.T, names ...string) pat.Scopes {
	t.Helper()
	scopes, err := pat.NewScopes(names)
	must.Do(t, err)
	return scopes
}
