package pat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// leak is a history in which a thief knows a scoped token, and whatever it yields.
type leak struct {
	*rapid.T
	clock   *pattest.Clock
	store   *memory
	service *pat.Service
	leaked  pattest.Holder
	stolen  []pattest.Holder
}

// TestALeakedTokenYieldsNoStrongerSecret: whatever a thief creates and rotates with a scoped token, and with what that yields, while an
// operator creates and rotates too, each secret that the thief knows has a subset of the token's scopes, and ends no later than it did.
// A report of some of those secrets ends exactly them and what descends from their tokens.
func TestALeakedTokenYieldsNoStrongerSecret(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		clock := pattest.NewClock()
		store := &memory{account: pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Editor), CreatedAt: pattest.Start, NextTokenID: 1}}
		settings := pat.Settings{Retention: pat.DefaultRetention, Scopes: pattest.Catalog(t, "a,b@Editor,c@Viewer,d,e,f")}
		h := &leak{T: r, clock: clock, store: store, service: pat.NewService(store, settings, pattest.Env(clock))}
		h.leaked = h.create(pattest.Scopes(t, "a", "b", "pats:write"), clock.Now().AddDate(0, 1, 0))
		h.stolen = []pattest.Holder{h.leaked}
		h.Repeat(map[string]func(*rapid.T){
			"operator creates": func(*rapid.T) { h.create(drawScopes(r, "scopes"), h.end()) },
			"operator rotates": func(*rapid.T) { _, _, _ = h.service.RotateUserToken(r.Context(), 1, h.target(), h.rotation()) },
			"thief creates":    func(*rapid.T) { h.steal() },
			"thief rotates":    func(*rapid.T) { h.rotate() },
			"some is reported": func(*rapid.T) { h.report() },
			"time passes":      func(*rapid.T) { clock.Advance(time.Duration(rapid.IntRange(0, 48).Draw(r, "hours")) * time.Hour) },
			"":                 func(*rapid.T) { h.check() },
		})
	})
}

func (h *leak) create(scopes pat.Scopes, end time.Time) pattest.Holder {
	draft := pat.Draft{Description: fmt.Sprint("token ", h.store.account.NextTokenID), Scopes: scopes, ExpiresAt: end}
	token, secret, _ := h.service.CreateUserToken(h.Context(), 1, draft)
	return pattest.Holder{Account: h.store.account, Token: token, Secret: secret}
}

// end draws an expiry date, often near that of the leaked token.
func (h *leak) end() time.Time {
	if rapid.Bool().Draw(h.T, "near") {
		return h.leaked.Token.ExpiresAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(h.T, "milliseconds")) * time.Millisecond)
	}
	return h.clock.Now().Add(time.Duration(rapid.IntRange(1, 2000).Draw(h.T, "lifetime")) * time.Hour)
}

func (h *leak) target() pat.TokenID {
	return pat.TokenID(rapid.Int64Range(1, int64(h.store.account.NextTokenID)).Draw(h.T, "target"))
}

func (h *leak) rotation() pat.Rotation {
	r := pat.Rotation{Overlap: time.Duration(rapid.IntRange(0, 168).Draw(h.T, "overlap")) * time.Hour}
	if rapid.Bool().Draw(h.T, "another end") {
		r.ExpiresAt = h.end()
	}
	return r
}

// thief draws a secret that the thief knows, and a key for it, or nil.
func (h *leak) thief() (pattest.Holder, *pat.IdempotencyKey) {
	by := rapid.SampledFrom(h.stolen).Draw(h.T, "secret")
	if rapid.Bool().Draw(h.T, "without a key") {
		return by, nil
	}
	key, err := pat.NewIdempotencyKey(by.Secret, rapid.SampledFrom([]string{"k", "l"}).Draw(h.T, "key"))
	if err != nil {
		h.Fatal(err)
	}
	return by, &key
}

func (h *leak) steal() {
	by, key := h.thief()
	draft := pat.Draft{Description: fmt.Sprint("token ", h.store.account.NextTokenID), Scopes: drawScopes(h.T, "scopes"), ExpiresAt: h.end()}
	if rapid.Bool().Draw(h.T, "same scopes") {
		draft.Scopes = h.leaked.Token.Scopes
	}
	if key == nil {
		h.keep(h.service.CreateToken(h.Context(), by.Identity(), draft))
	} else {
		h.keep(h.service.CreateTokenOnce(h.Context(), by.Identity(), draft, *key))
	}
}

func (h *leak) rotate() {
	by, key := h.thief()
	r := h.rotation()
	r.Key = key
	if rapid.Bool().Draw(h.T, "itself") {
		h.keep(h.service.RotateSelf(h.Context(), by.Identity(), r))
	} else {
		h.keep(h.service.RotateToken(h.Context(), by.Identity(), h.target(), r))
	}
}

func (h *leak) keep(token pat.Token, secret pat.Secret, err error) {
	if err == nil {
		h.stolen = append(h.stolen, pattest.Holder{Account: h.store.account, Token: token, Secret: secret})
	}
}

// report reports some of the secrets that the thief knows, and checks which tokens and secrets are left.
func (h *leak) report() {
	var leaked []pat.Secret
	for range rapid.IntRange(0, 4).Draw(h.T, "reported") {
		leaked = append(leaked, rapid.SampledFrom(h.stolen).Draw(h.T, "leaked").Secret)
	}
	before := h.store.account.Tokens
	got, err := h.service.RevokeLeaked(h.Context(), 1, leaked)
	if err != nil {
		h.Fatal(err)
	}
	gone := taken(before, leaked)
	for _, token := range before {
		present, left := h.store.account.Token(token.ID)
		if left == gone[token.ID] && !token.ExpiredAt(h.clock.Now().Add(-pat.DefaultRetention)) {
			h.Errorf("token %d is left: %v, want %v (ended: %+v)", token.ID, left, !gone[token.ID], got)
		}
		if left && present.Selector != token.Selector {
			h.Errorf("token %d has another secret", token.ID)
		}
	}
	for _, secret := range leaked {
		if _, err := h.service.Check(h.Context(), secret); err == nil {
			h.Error("a reported secret works")
		}
	}
}

// taken returns the tokens whose present secret leaked, and their descendants, the long way round.
func taken(tokens []pat.Token, leaked []pat.Secret) map[pat.TokenID]bool {
	gone := map[pat.TokenID]bool{}
	for range tokens {
		for _, token := range tokens {
			isLeaked := func(secret pat.Secret) bool { return secret.Verifier() == token.Verifier }
			isGone := func(id pat.TokenID) bool { return gone[id] }
			if slices.ContainsFunc(leaked, isLeaked) || slices.ContainsFunc(token.Ancestors, isGone) {
				gone[token.ID] = true
			}
		}
	}
	return gone
}

func (h *leak) check() {
	for _, stolen := range h.stolen {
		holder, err := h.service.Check(h.Context(), stolen.Secret)
		if err != nil {
			continue
		}
		if of := h.leaked.Token; !holder.Token.Scopes.SubsetOf(of.Scopes) || holder.Token.ExpiresAt.After(of.ExpiresAt) {
			h.Errorf("the thief's token %d has %q until %s, and the leaked one had %q until %s", holder.Token.ID,
				holder.Token.Scopes.Stored(), holder.Token.ExpiresAt, of.Scopes.Stored(), of.ExpiresAt)
		}
	}
}
