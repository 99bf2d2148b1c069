package pat_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// shelf is a Store of several users, without uses of tokens.
type shelf struct {
	pat.Store
	accounts map[pat.UserID]pat.Account
}

func (s *shelf) Account(_ context.Context, id pat.UserID) (pat.Account, error) {
	account, found := s.accounts[id]
	if !found {
		return pat.Account{}, pat.NoUser(nil)
	}
	return account, nil
}

func (s *shelf) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	after.Version++
	s.accounts[after.ID] = after
	return nil
}

// person and robot are the users of the histories: an Admin at first, and a service account.
const person, robot pat.UserID = 1, 2

// credential is a secret that was issued in a history.
type credential struct {
	pattest.Holder
	// by is the index of the credential that was presented for it, or -1 for an operator.
	by int
}

// services is a history of a person and a service account.
type services struct {
	*rapid.T
	clock   *pattest.Clock
	store   *shelf
	service *pat.Service
	issued  []credential
}

// longest is the MaxLifetime of the histories.
const longest = 100 * time.Hour

// TestNoHistoryWithServiceAccountsYieldsAStrongerToken: whatever is created and rotated by holders, Admins and operators, while roles
// change, no scoped token leads to a secret with another scope or a later end, none ends after the longest lifetime, only an Admin
// leads to a token that introspects, and nothing that a service account does reaches a person.
func TestNoHistoryWithServiceAccountsYieldsAStrongerToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		h := newServices(t, r)
		h.Repeat(map[string]func(*rapid.T){
			"create":      func(*rapid.T) { h.create() },
			"rotate":      func(*rapid.T) { h.rotate() },
			"revoke":      func(*rapid.T) { h.revoke() },
			"time passes": func(*rapid.T) { h.clock.Advance(time.Duration(rapid.IntRange(1, 5).Draw(r, "hours")) * time.Hour) },
			"role changes": func(*rapid.T) {
				id := rapid.SampledFrom([]pat.UserID{person, robot}).Draw(r, "whose")
				account := h.store.accounts[id]
				account.Role = rapid.SampledFrom([]pat.Role{pat.Admin, pat.Admin, pat.Viewer}).Draw(r, "role")
				h.store.accounts[id] = account
			},
			"": func(*rapid.T) { h.check() },
		})
	})
}

func newServices(t *testing.T, r *rapid.T) *services {
	t.Helper()
	clock := pattest.NewClock()
	ann := pat.Account{ID: person, Profile: pat.Profile{Username: "ann", Role: pat.Admin}, CreatedAt: pattest.Start, NextTokenID: 1}
	ci := pat.Account{ID: robot, Type: pat.ServiceAccount, Profile: pat.Profile{Username: "ci", Role: pat.Viewer}, CreatedAt: pattest.Start, NextTokenID: 1}
	store := &shelf{accounts: map[pat.UserID]pat.Account{person: ann, robot: ci}}
	settings := pat.Settings{Retention: time.Hour, Scopes: pattest.Catalog(t, "a,b"), MaxTokens: 2 * pat.MaxTokens, MaxLifetime: longest}
	h := &services{T: r, clock: clock, store: store, service: pat.NewService(store, settings, pattest.Env(clock))}
	admin := []string{"a", string(pat.ScopePatsWrite), string(pat.ScopeUsersWrite), string(pat.ScopeTokensIntrospect)}
	for _, of := range []pat.UserID{robot, person} { // so that an id is one of each user's tokens
		for i, scopes := range []pat.Scopes{pat.Unscoped(), pattest.Scopes(t, admin...), pattest.Scopes(t, admin[0])} {
			if of == robot && i == 1 {
				scopes = pattest.Scopes(t, admin[1], admin[3])
			}
			draft := pat.Draft{Description: fmt.Sprint("first ", i), Scopes: scopes, ExpiresAt: pattest.Start.Add(time.Duration(20+10*i) * time.Hour)}
			token, secret, err := h.service.CreateUserToken(t.Context(), of, draft)
			h.note(-1, of, token, secret, err)
		}
	}
	return h
}

// presenter draws a credential that works and its index, or a zero one and -1 for an operator.
func (h *services) presenter() (credential, int) {
	working := []int{-1}
	for i, c := range h.issued {
		if _, err := h.service.Admit(h.Context(), c.Identity()); err == nil {
			working = append(working, i)
		}
	}
	i := rapid.SampledFrom(working).Draw(h.T, "presenter")
	if i < 0 {
		return credential{}, i
	}
	return h.issued[i], i
}

// create creates a token of a user by any door. It may be refused.
func (h *services) create() {
	by, index := h.presenter()
	of := rapid.SampledFrom([]pat.UserID{person, robot}).Draw(h.T, "of")
	draft := pat.Draft{
		Description: fmt.Sprint("token ", len(h.issued)), Scopes: h.scopes(),
		ExpiresAt: h.clock.Now().Add(time.Duration(rapid.IntRange(1, 110).Draw(h.T, "lifetime")) * time.Hour),
	}
	var token pat.Token
	var secret pat.Secret
	var err error
	switch {
	case index < 0:
		token, secret, err = h.service.CreateUserToken(h.Context(), of, draft)
	case of == by.Account.ID && rapid.Bool().Draw(h.T, "own route"):
		token, secret, err = h.service.CreateToken(h.Context(), by.Identity(), draft)
	default:
		token, secret, err = h.service.CreateServiceToken(h.Context(), principal(by), of, draft, h.key(by))
	}
	h.note(index, of, token, secret, err)
}

func principal(by credential) pat.Principal {
	return pat.Principal{Kind: pat.HolderUser, Identity: by.Identity()}
}

// key draws an idempotency key for the credential, or none.
func (h *services) key(by credential) *pat.IdempotencyKey {
	if rapid.Bool().Draw(h.T, "without a key") {
		return nil
	}
	key, err := pat.NewIdempotencyKey(by.Secret, rapid.SampledFrom([]string{"k", "l"}).Draw(h.T, "key"))
	if err != nil {
		h.Fatal(err)
	}
	return &key
}

// scopes draws scopes of tokens that can create others, so that histories go on.
func (h *services) scopes() pat.Scopes {
	if rapid.IntRange(0, 3).Draw(h.T, "unscoped") == 0 {
		return pat.Unscoped()
	}
	all := []string{"a", "b", string(pat.ScopePatsWrite), string(pat.ScopeUsersWrite), string(pat.ScopeTokensIntrospect)}
	scopes, err := pat.NewScopes(rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 5, rapid.ID[string]).Draw(h.T, "scopes"))
	if err != nil {
		h.Fatal(err)
	}
	return scopes
}

// rotate rotates a token by any door. It may be refused.
func (h *services) rotate() {
	by, index := h.presenter()
	target := rapid.SampledFrom(h.issued).Draw(h.T, "target")
	of, id := target.Account.ID, target.Token.ID
	r := pat.Rotation{Overlap: 30 * time.Minute}
	if rapid.Bool().Draw(h.T, "another end") {
		r.ExpiresAt = h.clock.Now().Add(time.Duration(rapid.IntRange(1, 110).Draw(h.T, "hours")) * time.Hour)
	}
	var token pat.Token
	var secret pat.Secret
	var err error
	switch {
	case index < 0:
		token, secret, err = h.service.RotateUserToken(h.Context(), of, id, r)
	case of == by.Account.ID && rapid.Bool().Draw(h.T, "own route"):
		token, secret, err = h.service.RotateToken(h.Context(), by.Identity(), id, r)
	default:
		r.Key = h.key(by)
		token, secret, err = h.service.RotateServiceToken(h.Context(), principal(by), of, id, r)
	}
	h.note(index, of, token, secret, err)
}

func (h *services) revoke() {
	target := rapid.SampledFrom(h.issued).Draw(h.T, "revoked")
	_ = h.service.RevokeUserToken(h.Context(), target.Account.ID, target.Token.ID)
}

// note checks what a request issued, unless that was refused or is a repetition, and keeps it.
func (h *services) note(by int, of pat.UserID, token pat.Token, secret pat.Secret, err error) {
	known := func(c credential) bool { return c.Secret.Reveal() == secret.Reveal() }
	if err != nil || slices.ContainsFunc(h.issued, known) {
		return
	}
	h.issued = append(h.issued, credential{pattest.Holder{Account: h.store.accounts[of], Token: token, Secret: secret}, by})
	if by >= 0 {
		h.checkIssue(h.issued[by], of, token)
	}
}

func (h *services) checkIssue(by credential, of pat.UserID, token pat.Token) {
	own, presenter := by.Token, h.store.accounts[by.Account.ID]
	if !own.Scopes.Unscoped() && (!token.Scopes.SubsetOf(own.Scopes) || token.ExpiresAt.After(own.ExpiresAt)) {
		h.Errorf("a token with %q until %s issued one with %q until %s", own.Scopes.Stored(), own.ExpiresAt, token.Scopes.Stored(), token.ExpiresAt)
	}
	if of != presenter.ID && (of != robot || presenter.Role != pat.Admin) {
		h.Errorf("a %v with id %d issued a token of user %d", presenter.Role, presenter.ID, of)
	}
	introspects := !token.Scopes.Unscoped() && token.Scopes.Allow(pat.ScopeTokensIntrospect)
	if itself := of == presenter.ID && token.ID == own.ID; introspects && own.Scopes.Unscoped() && presenter.Role != pat.Admin && !itself {
		h.Errorf("a %v issued a token that introspects", presenter.Role)
	}
}

func (h *services) check() {
	for id, account := range h.store.accounts {
		if most := 2 * pat.MaxTokens; len(account.Tokens) > most {
			h.Errorf("user %d has %d tokens, want at most %d", id, len(account.Tokens), most)
		}
		for _, token := range account.Tokens {
			if token.ExpiresAt.After(token.IssuedAt().Add(longest)) {
				h.Errorf("user %d: token %d, issued %s, ends %s", id, token.ID, token.IssuedAt(), token.ExpiresAt)
			}
			h.checkAncestors(id, token)
		}
	}
}

// checkAncestors follows the makers of a token as long as they are of the same user.
func (h *services) checkAncestors(user pat.UserID, token pat.Token) {
	var line []pat.TokenID
	for at := token; at.Maker.User == user && at.Maker.Token != 0; {
		line = append(line, at.Maker.Token)
		made := func(c credential) bool { return c.Account.ID == user && c.Token.ID == at.Maker.Token }
		i := slices.IndexFunc(h.issued, made)
		if i < 0 {
			h.Fatalf("token %d of user %d was made by a token %d, which was not issued", token.ID, user, at.Maker.Token)
		}
		at = h.issued[i].Token
	}
	if want := line[:min(len(line), 10)]; !slices.Equal(token.Ancestors, want) {
		h.Errorf("token %d of user %d: got ancestors %v, want %v", token.ID, user, token.Ancestors, want)
	}
}
