package crash_test

import (
	"context"
	"fmt"
	"slices"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// fault is the kind of a finding.
type fault string

const (
	// lost is an acknowledged change that is missing.
	lost fault = "lost"
	// inconsistent is a state that no sequence of whole changes leads to.
	inconsistent fault = "inconsistent"
	// damaged is a file that the program itself rejects.
	damaged fault = "damaged"
)

// finding is something wrong.
type finding struct {
	fault fault
	text  string
}

func (f finding) String() string { return string(f.fault) + ": " + f.text }

// audit compares a state with the history.
type audit struct {
	history *history
	state   state
	at      moment
	// everything presents also the tokens that an earlier audit found refused.
	everything bool

	findings []finding
	// settlements record in the history whether requests without a response took effect.
	settlements []func()
}

// run makes the comparison. Errors: those of the state.
func (a *audit) run(ctx context.Context) error {
	users, err := a.state.users(ctx)
	if err != nil {
		return err
	}
	a.checkUsers(users)
	for _, h := range a.history.allHolders() {
		if !h.service && !slices.ContainsFunc(users, func(u apitypes.User) bool { return u.ID == h.user && u.Username == h.name }) {
			a.find(lost, "user %d %s is not listed", h.user, h.name)
			continue
		}
		if err := a.checkHolder(ctx, h); err != nil {
			return fmt.Errorf("user %d: %w", h.user, err)
		}
	}
	return nil
}

func (a *audit) find(kind fault, layout string, args ...any) {
	a.findings = append(a.findings, finding{kind, fmt.Sprintf(layout, args...)})
}

// settle records what was found in the history.
func (a *audit) settle() {
	for _, note := range a.settlements {
		note()
	}
}

func (a *audit) checkHolder(ctx context.Context, h *holder) error {
	list, err := a.list(ctx, h)
	if err != nil {
		return err
	}
	a.checkList(h, list)
	a.checkIDs(h)
	a.checkTogether(h, list)
	known := map[string]bool{}
	for _, t := range h.tokens {
		known[t.description] = true
		if err := a.checkToken(ctx, h, t, list); err != nil {
			return err
		}
	}
	for _, l := range list {
		if !known[l.Description] {
			a.find(inconsistent, "user %d has token %d %q, which was never requested", h.user, l.ID, l.Description)
		}
	}
	return nil
}

// list returns the tokens of a user, or none if the user's own token is lost.
func (a *audit) list(ctx context.Context, h *holder) ([]apitypes.Token, error) {
	accepted, err := a.state.accepts(ctx, h.own)
	if err != nil || !accepted {
		return nil, err
	}
	return a.state.tokens(ctx, h)
}

// checkList checks what is true of every list.
func (a *audit) checkList(h *holder, list []apitypes.Token) {
	if len(list) > pat.MaxTokens {
		a.find(inconsistent, "user %d has %d tokens, want at most %d", h.user, len(list), pat.MaxTokens)
	}
	descriptions := map[string]bool{}
	for i, l := range list {
		if i > 0 && l.ID <= list[i-1].ID {
			a.find(inconsistent, "user %d has token %d listed after %d", h.user, l.ID, list[i-1].ID)
		}
		if descriptions[l.Description] {
			a.find(inconsistent, "user %d has two tokens %q", h.user, l.Description)
		}
		descriptions[l.Description] = true
	}
}

// checkIDs checks that no ID was assigned twice, and that each is higher than those known before.
func (a *audit) checkIDs(h *holder) {
	assigned := map[pat.TokenID]string{}
	for _, t := range h.tokens {
		if t.id == 0 {
			continue
		}
		if other, twice := assigned[t.id]; twice {
			a.find(inconsistent, "user %d has ID %d for both %q and %q", h.user, t.id, other, t.description)
		}
		assigned[t.id] = t.description
		if t.id <= t.floor {
			a.find(inconsistent, "user %d got ID %d for %q after %d", h.user, t.id, t.description, t.floor)
		}
	}
}

// checkTogether checks that the tokens which one request without a response was to revoke are all left, or none.
func (a *audit) checkTogether(h *holder, list []apitypes.Token) {
	total, left := map[*op]int{}, map[*op]int{}
	for _, t := range h.tokens {
		if a.at(t.create) != done || a.at(t.remove) != sent {
			continue
		}
		total[t.remove]++
		if slices.ContainsFunc(list, func(l apitypes.Token) bool { return l.Description == t.description }) {
			left[t.remove]++
		}
	}
	for request, n := range total {
		if left[request] > 0 && left[request] < n {
			a.find(inconsistent, "user %d has %d of %d tokens that one request was to revoke", h.user, left[request], n)
		}
	}
}

func (a *audit) checkToken(ctx context.Context, h *holder, t *token, list []apitypes.Token) error {
	want := t.expected(a.at)
	i := slices.IndexFunc(list, func(l apitypes.Token) bool { return l.Description == t.description })
	exists := i >= 0
	switch {
	case want == required && !exists:
		a.find(lost, "token %d %q of user %d was acknowledged and is not listed", t.id, t.description, h.user)
	case want == forbidden && exists:
		a.find(a.faultOf(t.remove), "token %d %q of user %d must not exist and is listed", t.id, t.description, h.user)
	case exists && t.id != 0 && t.id != list[i].ID:
		a.find(inconsistent, "token %q of user %d had ID %d and has %d", t.description, h.user, t.id, list[i].ID)
	case exists && !slices.Equal(list[i].Scopes, scopesOf(t.description)):
		a.find(inconsistent, "token %q of user %d has the scopes %q, want %q", t.description, h.user, list[i].Scopes, scopesOf(t.description))
	case want == possible:
		a.settlements = append(a.settlements, func() {
			t.settle(exists)
			if exists {
				h.setID(t, list[i].ID)
			}
		})
	}
	return a.use(ctx, h, t, want, exists)
}

// faultOf returns the fault in something that must not exist: its removal was lost, or it was never created.
func (a *audit) faultOf(removal *op) fault {
	if a.at(removal) == done {
		return lost
	}
	return inconsistent
}

// use presents the secrets of the token: one must be accepted if the token is listed, and no other.
func (a *audit) use(ctx context.Context, h *holder, t *token, want presence, exists bool) error {
	possible, dead := t.secrets(a.at)
	if !exists && t.refused && !a.everything {
		return nil
	}
	accepted, unknown, err := a.accepted(ctx, possible)
	if err != nil {
		return err
	}
	switch {
	case exists && len(accepted)+unknown > 0 && len(accepted) <= 1, !exists && len(accepted) == 0:
	case want == required:
		a.find(lost, "token %d %q of user %d was acknowledged, and %d of its secrets work", t.id, t.description, h.user, len(accepted))
	case want == forbidden:
		a.find(a.faultOf(t.remove), "token %d %q of user %d must not exist and is accepted", t.id, t.description, h.user)
	default:
		a.find(inconsistent, "token %d %q of user %d: listed %v, and %d of its secrets work", t.id, t.description, h.user, exists, len(accepted))
	}
	if !exists && len(accepted) == 0 && !a.everything {
		t.refused = true
	}
	a.settlements = append(a.settlements, func() { t.settleRotation(!slices.Contains(accepted, possible[0])) })
	return a.checkDead(ctx, h, t, dead)
}

// accepted returns the secrets that are accepted, and how many are unknown.
func (a *audit) accepted(ctx context.Context, secrets []pat.Secret) (accepted []pat.Secret, unknown int, err error) {
	for _, secret := range secrets {
		if secret == (pat.Secret{}) {
			unknown++
			continue
		}
		works, err := a.state.accepts(ctx, secret)
		if err != nil {
			return nil, 0, err
		}
		if works {
			accepted = append(accepted, secret)
		}
	}
	return accepted, unknown, nil
}

// checkDead checks that none of the secrets works: all of them if the audit presents everything, or else the last one.
func (a *audit) checkDead(ctx context.Context, h *holder, t *token, dead []pat.Secret) error {
	if !a.everything {
		dead = dead[max(0, len(dead)-1):]
	}
	accepted, _, err := a.accepted(ctx, dead)
	if err == nil && len(accepted) > 0 {
		a.find(lost, "token %d %q of user %d works with a secret that was replaced or is not issued yet", t.id, t.description, h.user)
	}
	return err
}

func (a *audit) checkUsers(users []apitypes.User) {
	known := map[pat.UserID]bool{}
	for _, h := range a.history.allHolders() {
		known[h.user] = true
	}
	for _, m := range a.history.members {
		known[a.checkMember(m, users).ID] = true
	}
	for i, u := range users {
		if i > 0 && u.ID <= users[i-1].ID {
			a.find(inconsistent, "user %d is listed after %d", u.ID, users[i-1].ID)
		}
		if !known[u.ID] {
			a.find(inconsistent, "there is user %d %q, which was never requested", u.ID, u.Username)
		}
	}
}

// checkMember returns the user that is the member, or the zero User.
func (a *audit) checkMember(m *member, users []apitypes.User) apitypes.User {
	want := m.expected(a.at)
	i := slices.IndexFunc(users, func(u apitypes.User) bool {
		return u.Username == m.username && (m.id == 0 || u.ID == m.id)
	})
	exists := i >= 0
	var u apitypes.User
	if exists {
		u = users[i]
	}
	switch {
	case want == required && !exists:
		a.find(lost, "user %d %q was acknowledged and is not listed", m.id, m.username)
	case want == forbidden && exists:
		a.find(a.faultOf(m.remove), "user %d %q must not exist and is listed", u.ID, m.username)
	case exists:
		a.checkProfile(m, u)
	}
	if want == possible {
		a.settlements = append(a.settlements, func() {
			m.settle(exists)
			m.id = max(m.id, u.ID)
		})
	}
	return u
}

func (a *audit) checkProfile(m *member, u apitypes.User) {
	got, want := profile{u.Name, u.Disabled}, m.profiles(a.at)
	if u.Email != m.email() {
		a.find(inconsistent, "user %d %q has address %q, want %q", u.ID, m.username, u.Email, m.email())
	}
	if !slices.Contains(want, got) {
		a.find(lost, "user %d %q has profile %v, want one of %v", u.ID, m.username, got, want)
	}
	a.settlements = append(a.settlements, func() { m.settleProfile(got) })
}
