package crash_test

import (
	"context"
	"fmt"
	"slices"

	"pats/pkg/pat"
)

// maxTokens is the limit of tokens of a user.
const maxTokens = 10

// fault is the kind of a finding.
type fault string

const (
	// lost is an acknowledged change that did not last.
	lost fault = "lost"
	// half is what no change leaves when it is made wholly or not at all.
	half fault = "half"
	// damaged is a file that the program itself finds wrong.
	damaged fault = "damaged"
)

// finding is something wrong.
type finding struct {
	fault fault
	text  string
}

func (f finding) String() string { return string(f.fault) + ": " + f.text }

// audit holds a ledger against a state.
type audit struct {
	ledger *ledger
	state  state
	at     moment
	// everything says to present each token that ever ended, and not only some of those that were refused before.
	everything bool

	findings []finding
	// settlements note in the ledger what has become of requests without an answer.
	settlements []func()
}

// run looks everything through. Errors: those of the state, when it does not answer.
func (a *audit) run(ctx context.Context) error {
	people, err := a.state.people(ctx)
	if err != nil {
		return err
	}
	if err := a.roll(ctx, people); err != nil {
		return err
	}
	for _, h := range a.ledger.people() {
		if !slices.ContainsFunc(people, func(p person) bool { return p.ID == h.user && p.Username == h.name }) {
			a.find(lost, "user %d %s is not listed", h.user, h.name)
			continue
		}
		if err := a.holder(ctx, h); err != nil {
			return fmt.Errorf("user %d: %w", h.user, err)
		}
	}
	return nil
}

func (a *audit) find(kind fault, layout string, args ...any) {
	a.findings = append(a.findings, finding{kind, fmt.Sprintf(layout, args...)})
}

// settle writes what was seen into the ledger.
func (a *audit) settle() {
	for _, note := range a.settlements {
		note()
	}
}

func (a *audit) holder(ctx context.Context, h *holder) error {
	listed, err := a.list(ctx, h)
	if err != nil {
		return err
	}
	a.order(h, listed)
	a.ids(h)
	known := map[string]bool{}
	for _, t := range h.tokens {
		known[t.description] = true
		if err := a.token(ctx, h, t, listed); err != nil {
			return err
		}
	}
	for _, l := range listed {
		if !known[l.Description] {
			a.find(half, "user %d has token %d %q, which nobody has asked for", h.user, l.ID, l.Description)
		}
	}
	return nil
}

// list gives the tokens of a user, none if the user's own token is lost.
func (a *audit) list(ctx context.Context, h *holder) ([]listed, error) {
	works, err := a.state.works(ctx, h.anchor)
	if err != nil || !works {
		return nil, err
	}
	return a.state.tokens(ctx, h.anchor)
}

// order checks what holds of every list.
func (a *audit) order(h *holder, list []listed) {
	if len(list) > maxTokens {
		a.find(half, "user %d has %d tokens, want at most %d", h.user, len(list), maxTokens)
	}
	descriptions := map[string]bool{}
	for i, l := range list {
		if i > 0 && l.ID <= list[i-1].ID {
			a.find(half, "user %d has token %d listed after %d", h.user, l.ID, list[i-1].ID)
		}
		if descriptions[l.Description] {
			a.find(half, "user %d has two tokens %q", h.user, l.Description)
		}
		descriptions[l.Description] = true
	}
}

// ids checks that no id was given twice, and that each is above those that were known before.
func (a *audit) ids(h *holder) {
	given := map[int64]string{}
	for _, t := range h.tokens {
		if t.id == 0 {
			continue
		}
		if other, twice := given[t.id]; twice {
			a.find(half, "user %d has id %d for both %q and %q", h.user, t.id, other, t.description)
		}
		given[t.id] = t.description
		if t.id <= t.floor {
			a.find(half, "user %d got id %d for %q after %d", h.user, t.id, t.description, t.floor)
		}
	}
}

func (a *audit) token(ctx context.Context, h *holder, t *token, list []listed) error {
	want := t.expected(a.at)
	i := slices.IndexFunc(list, func(l listed) bool { return l.Description == t.description })
	there := i >= 0
	switch {
	case want == must && !there:
		a.find(lost, "token %d %q of user %d was acknowledged and is not listed", t.id, t.description, h.user)
	case want == mustNot && there:
		a.find(a.blame(t.remove), "token %d %q of user %d should be gone and is listed", t.id, t.description, h.user)
	case there && t.id != 0 && t.id != list[i].ID:
		a.find(half, "token %q of user %d had id %d and has %d", t.description, h.user, t.id, list[i].ID)
	case want == may:
		a.settlements = append(a.settlements, func() {
			t.settle(there)
			if there {
				h.learn(t, list[i].ID)
			}
		})
	}
	return a.use(ctx, h, t, want, there)
}

// blame is the fault in something that is there in spite of its removal, or that never was to be there.
func (a *audit) blame(removal *op) fault {
	if a.at(removal) == done {
		return lost
	}
	return half
}

// use presents the token. It has to work just if it is listed.
func (a *audit) use(ctx context.Context, h *holder, t *token, want presence, there bool) error {
	if t.secret == (pat.Secret{}) || !there && !a.due(t) {
		return nil
	}
	works, err := a.state.works(ctx, t.secret)
	switch {
	case err != nil:
		return err
	case works == there:
	case want == must:
		a.find(lost, "token %d %q of user %d was acknowledged and does not work", t.id, t.description, h.user)
	case want == mustNot:
		a.find(a.blame(t.remove), "token %d %q of user %d should be gone and works", t.id, t.description, h.user)
	default:
		a.find(half, "token %d %q of user %d: listed %v, works %v", t.id, t.description, h.user, there, works)
	}
	if !works && !a.everything {
		t.refusals++
	}
	return nil
}

// due says whether a token that has ended is to be presented: twice, and then now and again.
func (a *audit) due(t *token) bool {
	const seldom = 8
	if !a.everything && t.refusals >= 2 && t.id%seldom != int64(t.refusals)%seldom {
		t.refusals++
		return false
	}
	return true
}

// roll checks the users that were administered.
func (a *audit) roll(ctx context.Context, people []person) error {
	expected := map[int64]bool{}
	for _, h := range a.ledger.people() {
		expected[h.user] = true
	}
	for i, p := range people {
		if i > 0 && p.ID <= people[i-1].ID {
			a.find(half, "user %d is listed after %d", p.ID, people[i-1].ID)
		}
	}
	for _, m := range a.ledger.members.members {
		p, err := a.member(ctx, m, people)
		if err != nil {
			return err
		}
		expected[p.ID] = true
	}
	for _, p := range people {
		if !expected[p.ID] {
			a.find(half, "there is user %d %q, which nobody has asked for", p.ID, p.Username)
		}
	}
	return nil
}

// member gives the person that the member has turned out to be.
func (a *audit) member(ctx context.Context, m *member, people []person) (person, error) {
	want := m.expected(a.at)
	i := slices.IndexFunc(people, func(p person) bool {
		return p.Username == m.username && (m.id == 0 || p.ID == m.id)
	})
	there := i >= 0
	var p person
	if there {
		p = people[i]
	}
	switch {
	case want == must && !there:
		a.find(lost, "user %d %q was acknowledged and is not listed", m.id, m.username)
	case want == mustNot && there:
		a.find(a.blame(m.remove), "user %d %q should be gone and is listed", p.ID, m.username)
	case there:
		a.profile(m, p)
	}
	if want == may {
		a.settlements = append(a.settlements, func() {
			m.settle(there)
			m.id = max(m.id, p.ID)
		})
	}
	return p, a.gift(ctx, m, p, there)
}

func (a *audit) profile(m *member, p person) {
	has := profile{p.Name, p.Disabled}
	possible := m.profiles(a.at)
	switch {
	case p.Email != m.email():
		a.find(half, "user %d %q has not the address that was asked for", p.ID, m.username)
	case !slices.Contains(possible, has):
		a.find(lost, "user %d %q has profile %v, want one of %v", p.ID, m.username, has, possible)
	}
	a.settlements = append(a.settlements, func() { m.settleProfile(has) })
}

// gift presents a member's token: it has to work just if the member is there and not disabled.
func (a *audit) gift(ctx context.Context, m *member, p person, there bool) error {
	if m.gift == (pat.Secret{}) {
		return nil
	}
	works, err := a.state.works(ctx, m.gift)
	if err == nil && works != (there && !p.Disabled) {
		a.find(lost, "the token of user %d %q: listed %v, disabled %v, works %v", m.id, m.username, there, p.Disabled, works)
	}
	return err
}
