package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// listAll prints the selected tokens of all users.
func listAll(ctx context.Context, all target.AllTokens, filter pat.TokenFilter, list tokenWriter, progress *pace) error {
	return finish(list, eachPage(ctx, all, filter, progress, list.write))
}

// finish ends the list. After err, it prints the rows that are left and no end, so that the list cannot be taken for complete.
func finish(list tokenWriter, err error) error {
	if err != nil {
		return errors.Join(err, list.flush())
	}
	return list.end()
}

// eachPage calls work with the tokens of each page.
func eachPage(ctx context.Context, all target.AllTokens, filter pat.TokenFilter, progress *pace, work func([]apitypes.UserToken) error) error {
	for after := pat.UserID(0); ; {
		tokens, next, err := all.Page(ctx, after, filter)
		if err != nil {
			return err
		}
		if err := work(tokens); err != nil || next == 0 {
			return err
		}
		progress.at(next)
		after = next
	}
}

// pace says from time to time how far a long walk through all users is.
type pace struct {
	now  func() time.Time
	out  *printer
	last time.Time
}

// paceInterval is the time between two messages.
const paceInterval = 5 * time.Second

func newPace(now func() time.Time, out *printer) *pace { return &pace{now, out, now()} }

// at notes that all users up to one were looked at.
func (p *pace) at(user pat.UserID) {
	if now := p.now(); now.Sub(p.last) >= paceInterval {
		p.last = now
		p.out.note("Looked at the users up to %d …", user)
	}
}

// revokeAll shows the selected tokens, or revokes them.
func (c *tokenRevoke) revokeAll(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if err := c.checkAll(typed); err != nil {
		return err
	}
	filter, err := c.filter(e.now(), c.User)
	if err != nil {
		return err
	}
	return c.withAllTokens(ctx, e, out, typed, c.presentFlag, func(all target.AllTokens) error {
		r := &mass{all: all, filter: filter, list: newTokenWriter(out, e.now()), users: map[pat.UserID]bool{}}
		if !c.Yes {
			if err := finish(r.list, eachPage(ctx, all, filter, newPace(e.now, out), r.preview)); err != nil {
				return err
			}
			out.note("%s would be revoked. Add --yes to revoke them.", r.count())
			return nil
		}
		err := finish(r.list, r.run(ctx, newPace(e.now, out)))
		if err == nil || r.tokens > 0 {
			out.note("%s revoked.", r.count())
		}
		return err
	})
}

// checkAll checks that --all comes with what limits it, and with no flag that is about one token. Errors: failure.Usage.
func (c *tokenRevoke) checkAll(typed typedFlags) error {
	switch {
	case c.ID != 0 || c.Descendants:
		return failure.Misuse("--all excludes the id of a token and --descendants", "")
	case c.User == 0 && !typed.any(filterNames):
		return failure.Misuse("--all needs --user or a filter", "For example: --unused-since 90d. To revoke the tokens of everybody: --all --state active.")
	}
	return nil
}

// mass is the revocation of all tokens that a filter selects.
type mass struct {
	all    target.AllTokens
	filter pat.TokenFilter
	list   tokenWriter
	// tokens and users are those for whom tokens were revoked, or would be.
	tokens int
	users  map[pat.UserID]bool
}

func (m *mass) preview(tokens []apitypes.UserToken) error {
	for _, token := range tokens {
		m.users[token.UserID] = true
	}
	m.tokens += len(tokens)
	return m.list.write(tokens)
}

// run revokes the tokens, those of the caller last, since the token presented may be among them.
func (m *mass) run(ctx context.Context, progress *pace) error {
	caller, err := m.all.Caller(ctx)
	if err != nil {
		return err
	}
	var own []apitypes.UserToken
	err = eachPage(ctx, m.all, m.filter, progress, func(tokens []apitypes.UserToken) error {
		for _, of := range byUser(tokens) {
			if of[0].UserID == caller {
				own = of
				continue
			}
			if err := m.revoke(ctx, of); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || own == nil {
		return err
	}
	return m.revoke(ctx, own)
}

// revoke revokes tokens of one user. A user who is gone has none.
func (m *mass) revoke(ctx context.Context, tokens []apitypes.UserToken) error {
	user := tokens[0].UserID
	ids, err := m.all.Revoke(ctx, user, m.filter)
	if err != nil && target.Explain(err).Code == failure.NotFound {
		return nil
	}
	if err != nil || len(ids) == 0 {
		return err
	}
	m.users[user] = true
	m.tokens += len(ids)
	return m.list.write(slices.DeleteFunc(tokens, func(t apitypes.UserToken) bool { return !slices.Contains(ids, t.ID) }))
}

func (m *mass) count() string {
	return fmt.Sprintf("%s of %s", plural(m.tokens, "token"), plural(len(m.users), "user"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// byUser splits tokens, which are in order of their users, by user.
func byUser(tokens []apitypes.UserToken) [][]apitypes.UserToken {
	var split [][]apitypes.UserToken
	for _, token := range tokens {
		last := len(split) - 1
		if last < 0 || split[last][0].UserID != token.UserID {
			split = append(split, nil)
			last++
		}
		split[last] = append(split[last], token)
	}
	return split
}
