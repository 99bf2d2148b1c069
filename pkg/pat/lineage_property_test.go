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

// memory is a Store of one user, without uses of tokens.
type memory struct {
	pat.Store
	account pat.Account
}

func (m *memory) Account(context.Context, pat.UserID) (pat.Account, error) { return m.account, nil }

func (m *memory) MarkSeen(context.Context, pat.Account, pat.TokenID, time.Time) error { return nil }

func (m *memory) ReplaceAccount(_ context.Context, before, after pat.Account) error {
	if before.Version != m.account.Version {
		return pat.Conflict(nil)
	}
	after.Version++
	m.account = after
	return nil
}

// lineages is a history of one account: which token made which, as the test saw it.
type lineages struct {
	*rapid.T
	clock   *pattest.Clock
	store   *memory
	service *pat.Service
	made    map[pat.TokenID]pattest.Holder
	makers  map[pat.TokenID]pat.TokenID
}

// TestNoHistoryYieldsAStrongerToken: after any sequence of creates and revokes, no token of a scoped one's descendants, however far,
// has a scope that it lacks or ends later, and RevokeDescendants takes exactly the descendants that are left.
func TestNoHistoryYieldsAStrongerToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		clock := pattest.NewClock()
		store := &memory{account: pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Editor), CreatedAt: pattest.Start, NextTokenID: 1}}
		settings := pat.Settings{Retention: pat.DefaultRetention, Scopes: pattest.Catalog(t, "a,b@Editor,c@Viewer,d,e,f")}
		h := &lineages{r, clock, store, pat.NewService(store, settings, pattest.Env(clock)), map[pat.TokenID]pattest.Holder{}, map[pat.TokenID]pat.TokenID{}}
		h.Repeat(map[string]func(*rapid.T){
			"operator creates": func(*rapid.T) { h.create(0) },
			"token creates":    func(*rapid.T) { h.create(h.any()) },
			"revoke":           func(*rapid.T) { h.revoke() },
			"time passes":      func(*rapid.T) { h.clock.Advance(time.Duration(rapid.IntRange(0, 48).Draw(r, "hours")) * time.Hour) },
			"":                 func(*rapid.T) { h.check() },
		})
	})
}

// any draws a token that was created, or 0 for an operator.
func (h *lineages) any() pat.TokenID {
	return pat.TokenID(rapid.IntRange(0, len(h.made)).Draw(h.T, "token"))
}

// create creates a token with the token by, by any door. It may be refused.
func (h *lineages) create(by pat.TokenID) {
	draft := pat.Draft{
		Description: fmt.Sprint("token ", len(h.made)),
		Scopes:      h.scopes(),
		ExpiresAt:   pattest.Start.Add(time.Duration(rapid.IntRange(1, 300).Draw(h.T, "lifetime")) * time.Hour),
	}
	token, secret, err := h.through(by, draft)
	if _, known := h.made[token.ID]; err != nil || known { // known: a repetition
		return
	}
	h.made[token.ID] = pattest.Holder{Account: h.store.account, Token: token, Secret: secret}
	h.makers[token.ID] = by
}

func (h *lineages) scopes() pat.Scopes {
	scopes := drawScopes(h.T, "scopes")
	if rapid.Bool().Draw(h.T, "may create") && !scopes.Unscoped() {
		scopes, _ = pat.NewScopes(append(names(scopes), string(pat.ScopePatsWrite)))
	}
	return scopes
}

func names(scopes pat.Scopes) []string {
	var names []string
	for _, scope := range scopes.List() {
		names = append(names, string(scope))
	}
	return names
}

func (h *lineages) through(by pat.TokenID, draft pat.Draft) (pat.Token, pat.Secret, error) {
	ctx, caller := h.Context(), h.made[by]
	switch {
	case by == 0:
		return h.service.CreateUserToken(ctx, 1, draft)
	case rapid.Bool().Draw(h.T, "with a key"):
		key, err := pat.NewIdempotencyKey(caller.Secret, rapid.SampledFrom([]string{"k", "l"}).Draw(h.T, "key"))
		if err != nil {
			h.Fatal(err)
		}
		return h.service.CreateTokenOnce(ctx, caller.Identity(), draft, key)
	}
	return h.service.CreateToken(ctx, caller.Identity(), draft)
}

// revoke revokes a token, or what descends from it too.
func (h *lineages) revoke() {
	id := h.any()
	if rapid.Bool().Draw(h.T, "alone") {
		_ = h.service.RevokeUserToken(h.Context(), 1, id)
		return
	}
	var want []pat.TokenID
	for _, token := range h.store.account.Tokens {
		if !token.ExpiredAt(h.clock.Now().Add(-pat.DefaultRetention)) && (token.ID == id || slices.Contains(h.lineage(token.ID), id)) {
			want = append(want, token.ID)
		}
	}
	got, _ := h.service.RevokeUserDescendants(h.Context(), 1, id)
	if !slices.Equal(got, want) {
		h.Errorf("RevokeUserDescendants(%d): got %v, want %v", id, got, want)
	}
}

// lineage returns the tokens that led to the one with id, the nearest first.
func (h *lineages) lineage(id pat.TokenID) []pat.TokenID {
	var line []pat.TokenID
	for by := h.makers[id]; by != 0; by = h.makers[by] {
		line = append(line, by)
	}
	return line
}

func (h *lineages) check() {
	for _, token := range h.store.account.Tokens {
		line := h.lineage(token.ID)
		if !slices.Equal(token.Ancestors, line[:min(len(line), 10)]) {
			h.Errorf("token %d: got ancestors %v, want the first ten of %v", token.ID, token.Ancestors, line)
		}
		for _, id := range line {
			if by := h.made[id].Token; !by.Scopes.Unscoped() && (!token.Scopes.SubsetOf(by.Scopes) || token.ExpiresAt.After(by.ExpiresAt)) {
				h.Errorf("token %d with %q until %s descends from %d with %q until %s", token.ID, token.Scopes.Stored(), token.ExpiresAt,
					by.ID, by.Scopes.Stored(), by.ExpiresAt)
			}
		}
	}
}
