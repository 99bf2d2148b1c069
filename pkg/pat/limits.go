package pat

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// maxTokens returns how many tokens a user can have.
func (s Settings) maxTokens() int { return cmp.Or(s.MaxTokens, MaxTokens) }

// maxSpent returns how many Spent an account can have: enough to revoke all tokens at once.
func (s Settings) maxSpent() int { return max(MaxTokens, s.maxTokens()) }

// checkExpiry checks a new expiry date. Errors: KindInvalid.
func (s Settings) checkExpiry(expiresAt, now time.Time) error {
	switch {
	case !expiresAt.After(now):
		return invalid("The expiry date should be in future.")
	case s.MaxLifetime > 0 && expiresAt.After(now.Add(s.MaxLifetime)):
		return invalid(fmt.Sprintf("The expiry date must be within %g days from now.", s.MaxLifetime.Hours()/24))
	}
	return checkYear(expiresAt)
}

// end returns when a secret that was issued at issuedAt ends, if it has this expiry date.
func (s Settings) end(issuedAt, expiresAt time.Time) time.Time {
	if s.MaxLifetime == 0 || !s.EnforceMaxLifetime {
		return expiresAt
	}
	return earlier(expiresAt, issuedAt.Add(s.MaxLifetime))
}

// shown returns t, as it is stored, with the ends that count, its own and that of a replaced secret.
func (s Settings) shown(t Token) Token {
	t.ExceedsMaxLifetime = s.MaxLifetime > 0 && t.ExpiresAt.After(t.IssuedAt().Add(s.MaxLifetime))
	t.ExpiresAt = s.end(t.IssuedAt(), t.ExpiresAt)
	if t.rotated() {
		t.Replaced.Until = earlier(s.replacedEnd(t.Replaced), t.ExpiresAt)
	}
	return t
}

// presented returns t, as it is stored, with the selector, the verifier and the end of its secret with selector.
func (s Settings) presented(t Token, selector Selector) Token {
	t = s.shown(t)
	if r := t.Replaced; t.replaces(selector) {
		t.Selector, t.Verifier, t.ExpiresAt = r.Selector, r.Verifier, earlier(s.replacedEnd(r), t.ExpiresAt)
	}
	return t
}

// replacedEnd returns when r stops working.
func (s Settings) replacedEnd(r Replaced) time.Time {
	return earlier(r.Until, s.end(r.IssuedAt, r.ExpiresAt))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// list returns tokens, as they are stored, as a list shows them at now.
func (s Settings) list(tokens []Token, now time.Time) []Token {
	list := s.prune(tokens, now)
	for i, token := range list {
		list[i] = s.shown(token)
	}
	return list
}

// prune returns tokens without those that neither are listed nor count: those that expired at least Retention before now, and with
// ExpiredUncounted, more than maxTokens expired ones, of which those that expired last are kept.
func (s Settings) prune(tokens []Token, now time.Time) []Token {
	kept := slices.DeleteFunc(slices.Clone(tokens), func(t Token) bool { return s.expired(t, now.Add(-s.Retention)) })
	if !s.ExpiredUncounted {
		return kept
	}
	var expired []Token
	for _, token := range kept {
		if s.expired(token, now) {
			expired = append(expired, s.shown(token))
		}
	}
	slices.SortStableFunc(expired, func(a, b Token) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	oldest := expired[:max(0, len(expired)-s.maxTokens())]
	return slices.DeleteFunc(kept, func(t Token) bool {
		return slices.ContainsFunc(oldest, func(o Token) bool { return o.ID == t.ID })
	})
}

func (s Settings) expired(t Token, now time.Time) bool { return s.shown(t).ExpiredAt(now) }

// checkRoom checks that an account with tokens can have one more, and that none of them has the description.
// Errors: KindLimit, KindDuplicate.
func (s Settings) checkRoom(tokens []Token, description string, now time.Time) error {
	count := 0
	for _, token := range tokens {
		if !s.ExpiredUncounted || !s.expired(token, now) {
			count++
		}
	}
	if count >= s.maxTokens() {
		return &Error{Kind: KindLimit, Message: fmt.Sprintf("Too many PATs (%d) already exist for this user.", s.maxTokens())}
	}
	if slices.ContainsFunc(tokens, func(t Token) bool { return t.Description == description }) {
		return &Error{Kind: KindDuplicate, Message: "PAT description already exists."}
	}
	return nil
}
