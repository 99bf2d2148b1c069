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

// issued is one secret of a token, as the test saw it.
type issued struct {
	holder pattest.Holder
	// until is when the rotation that replaced it ends it, or zero if it is the present one.
	until time.Time
	// expires is the expiry date that it was issued with.
	expires time.Time
}

// rotations is a history of one token beside another, which is unscoped.
type rotations struct {
	*rapid.T
	clock   *pattest.Clock
	store   *memory
	service *pat.Service
	owner   pattest.Holder
	// secrets are those of the token, the oldest first.
	secrets []issued
	// byKey are the secrets that rotations by key returned.
	byKey map[string]issued
}

// TestNoHistoryOfRotationsLeavesThreeSecrets: after any sequence of rotations, by the token itself with any of its secrets, by another
// token or an operator, with keys or without, exactly the present secret and the last replaced one work, each until its end; a
// repetition returns the secret that it returned before, or none; and the token stays the same.
func TestNoHistoryOfRotationsLeavesThreeSecrets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		clock := pattest.NewClock()
		store := &memory{account: pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Editor), CreatedAt: pattest.Start, NextTokenID: 1}}
		h := &rotations{T: r, clock: clock, store: store, byKey: map[string]issued{}}
		h.service = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(clock))
		h.owner = h.create("owner", pattest.Start.AddDate(1, 0, 0))
		first := h.create("ci", pattest.Start.AddDate(0, 1, 0))
		h.secrets = []issued{{holder: first, expires: first.Token.ExpiresAt}}
		h.Repeat(map[string]func(*rapid.T){
			"rotate": func(*rapid.T) { h.rotate() },
			"time passes": func(*rapid.T) {
				clock.Advance(rapid.SampledFrom([]time.Duration{1, 60, 3600, 86400}).Draw(r, "pause") * time.Second)
			},
			"": func(*rapid.T) { h.check() },
		})
	})
}

func (h *rotations) create(description string, end time.Time) pattest.Holder {
	draft := pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: end}
	token, secret, err := h.service.CreateUserToken(h.Context(), 1, draft)
	if err != nil {
		h.Fatal(err)
	}
	return pattest.Holder{Account: h.store.account, Token: token, Secret: secret}
}

func (h *rotations) rotate() {
	r := pat.Rotation{Overlap: rapid.SampledFrom([]time.Duration{0, 60, 7200}).Draw(h.T, "overlap") * time.Second}
	if rapid.Bool().Draw(h.T, "another end") {
		r.ExpiresAt = h.clock.Now().Add(time.Duration(rapid.IntRange(1, 100).Draw(h.T, "hours")) * time.Hour)
	}
	by, name := h.presenter(), "none"
	if by.Secret.Reveal() != "" && rapid.Bool().Draw(h.T, "with a key") {
		text := rapid.SampledFrom([]string{"k", "l"}).Draw(h.T, "key")
		key, err := pat.NewIdempotencyKey(by.Secret, text)
		if err != nil {
			h.Fatal(err)
		}
		r.Key, name = &key, text+by.Secret.Reveal()
	}
	token, secret, err := h.through(by, r)
	if err != nil {
		return
	}
	if before, known := h.byKey[name]; known && before.holder.Secret.Reveal() == secret.Reveal() {
		h.checkRepetition(before)
		return
	}
	h.note(name, token, secret, r)
}

// presenter draws whose secret is presented: the zero Holder is an operator.
func (h *rotations) presenter() pattest.Holder {
	switch n := rapid.IntRange(-2, len(h.secrets)-1).Draw(h.T, "presenter"); n {
	case -2:
		return pattest.Holder{}
	case -1:
		return h.owner
	default:
		return h.secrets[n].holder
	}
}

func (h *rotations) through(by pattest.Holder, r pat.Rotation) (pat.Token, pat.Secret, error) {
	id := h.secrets[0].holder.Token.ID
	switch {
	case by.Secret.Reveal() == "":
		return h.service.RotateUserToken(h.Context(), 1, id, r)
	case by.Token.ID == id && rapid.Bool().Draw(h.T, "itself"):
		return h.service.RotateSelf(h.Context(), by.Identity(), r)
	}
	return h.service.RotateToken(h.Context(), by.Identity(), id, r)
}

func (h *rotations) checkRepetition(before issued) {
	if present := h.secrets[len(h.secrets)-1].holder.Secret; before.holder.Secret.Reveal() != present.Reveal() {
		h.Error("a repetition returned a secret that was replaced since")
	}
}

func (h *rotations) note(name string, token pat.Token, secret pat.Secret, r pat.Rotation) {
	last := &h.secrets[len(h.secrets)-1]
	last.until = h.clock.Now().Add(r.Overlap)
	made := issued{holder: pattest.Holder{Account: h.store.account, Token: token, Secret: secret}, expires: token.ExpiresAt}
	h.secrets = append(h.secrets, made)
	if name != "none" {
		h.byKey[name] = made
	}
}

func (h *rotations) check() {
	for i, s := range h.secrets {
		want := h.want(i)
		_, err := h.service.Check(h.Context(), s.holder.Secret)
		if got := fmt.Sprint(err); got != want {
			h.Errorf("secret %d of %d: got %s, want %s", i+1, len(h.secrets), got, want)
		}
	}
	first, now := h.secrets[0].holder.Token, h.store.account.Tokens
	i := slices.IndexFunc(now, func(token pat.Token) bool { return token.ID == first.ID })
	if i < 0 || now[i].Description != first.Description || !now[i].Scopes.Equal(first.Scopes) || !now[i].CreatedAt.Equal(first.CreatedAt) {
		h.Errorf("got tokens %+v, want %+v to stay", now, first)
	}
}

// want returns the error of a check of secret i.
func (h *rotations) want(i int) string {
	now, present := h.clock.Now(), len(h.secrets)-1
	s := h.secrets[i]
	switch {
	case i < present-1:
		return string(pat.ReasonInvalid)
	case i == present-1 && (!now.Before(s.until) || !now.Before(s.expires)):
		return string(pat.ReasonRotated)
	case !now.Before(h.secrets[present].expires):
		return string(pat.ReasonExpired)
	}
	return fmt.Sprint(nil)
}
