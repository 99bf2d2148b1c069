package pat_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// key returns an idempotency key for requests that present the holder's token.
func (f *fixture) key(t *testing.T, text string) pat.IdempotencyKey {
	t.Helper()
	return keyOf(t, f.holder.Secret, text)
}

func keyOf(t *testing.T, presented pat.Secret, text string) pat.IdempotencyKey {
	t.Helper()
	key, err := pat.NewIdempotencyKey(presented, text)
	if err != nil {
		t.Fatalf("NewIdempotencyKey: %v", err)
	}
	return key
}

// created is the result of a create.
type created struct {
	token  pat.Token
	secret pat.Secret
}

func (f *fixture) once(t *testing.T, key pat.IdempotencyKey, description string) created {
	t.Helper()
	token, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until(description), key)
	if err != nil {
		t.Fatalf("CreateTokenOnce(%q): %v", description, err)
	}
	return created{token, secret}
}

// until returns a draft whose expiry date does not depend on the clock.
func (f *fixture) until(description string) pat.Draft { return pattest.Draft(description) }

func wantSameToken(t *testing.T, got, want created) {
	t.Helper()
	if diff := cmp.Diff(want.token, got.token); diff != "" {
		t.Errorf("token, -first +repeated:\n%s", diff)
	}
	if got.secret.Reveal() != want.secret.Reveal() {
		t.Error("the repetition returned another secret")
	}
}

func TestRepeatedCreateReturnsTheSameToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key := f.key(t, "8e03978e-40d5-43dd-bc93-6894a57f9324")
	first := f.once(t, key, "ci")
	for _, pause := range []time.Duration{0, time.Hour, 23 * time.Hour} {
		f.clock.Advance(pause - time.Millisecond)
		wantSameToken(t, f.once(t, f.key(t, "8e03978e-40d5-43dd-bc93-6894a57f9324"), "ci"), first)
	}
	f.wantDescriptions(t, "own", "ci")
	if _, err := f.service.Authenticate(t.Context(), first.secret); err != nil {
		t.Errorf("Authenticate with the repeated secret: %v", err)
	}
}

func TestRepeatedCreateWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.once(t, f.key(t, "k"), "ci")
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1, pattest.CallReplaceAccount: 1})
	f.once(t, f.key(t, "k"), "ci")
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

func TestRepeatedCreateAtTheLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.once(t, f.key(t, "k"), "ci")
	for _, draft := range pattest.Drafts(pat.MaxTokens - 2) {
		f.create(t, draft.Description)
	}
	wantSameToken(t, f.once(t, f.key(t, "k"), "ci"), first)
}

// TestDraftIsCheckedBeforeItsKey: an invalid draft is refused although its key was used, and no expired token is returned.
func TestDraftIsCheckedBeforeItsKey(t *testing.T) {
	t.Parallel()
	short := pat.Draft{Description: "short", Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Hour)}
	for name, again := range map[string]pat.Draft{
		"its token expired": short,
		"no description":    {ExpiresAt: pattest.Start.Add(3 * time.Hour)},
		"an expiry before":  {Description: "short", ExpiresAt: pattest.Start},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if _, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), short, f.key(t, "k")); err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(2 * time.Hour)
			_, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), again, f.key(t, "k"))
			pattest.WantKind(t, err, pat.KindInvalid)
			if secret.Reveal() != "" {
				t.Error("got a secret with the error, want none")
			}
		})
	}
}

func TestOtherKeysCreateOtherTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, other := f.create(t, "other")
	first := f.once(t, f.key(t, "k"), "ci")
	for name, key := range map[string]pat.IdempotencyKey{
		"another key":               f.key(t, "K"),
		"another token of the user": keyOf(t, other, "k"),
	} {
		identity := f.holder.Identity()
		if name == "another token of the user" {
			identity.Selector = other.Selector()
		}
		_, _, err := f.service.CreateTokenOnce(t.Context(), identity, f.until("ci"), key)
		pattest.WantKind(t, err, pat.KindDuplicate)
		token, secret, err := f.service.CreateTokenOnce(t.Context(), identity, f.until(name), key)
		if err != nil || token.ID == first.token.ID || secret.Reveal() == first.secret.Reveal() {
			t.Errorf("%s: got token %d and %v, want another token", name, token.ID, err)
		}
	}
}

func TestKeyCreatesAnotherSecretAfterItsWindow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.once(t, f.key(t, "k"), "ci")
	f.clock.Advance(pat.IdempotencyWindow)
	_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "k"))
	pattest.WantKind(t, err, pat.KindDuplicate)
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), first.token.ID); err != nil {
		t.Fatal(err)
	}
	second := f.once(t, f.key(t, "k"), "ci")
	if second.token.ID == first.token.ID || second.secret.Reveal() == first.secret.Reveal() {
		t.Error("the key brought back a revoked token after its window")
	}
	if _, err := f.service.Authenticate(t.Context(), first.secret); pat.KindOf(err) != pat.KindUnauthenticated {
		t.Errorf("the revoked token: got %v, want a refusal", err)
	}
}

func TestSpentKeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		draft  func(f *fixture) pat.Draft
		revoke func(t *testing.T, f *fixture, id pat.TokenID)
	}{
		"for another description": {draft: func(f *fixture) pat.Draft { return f.until("other") }},
		"for another expiry": {draft: func(f *fixture) pat.Draft {
			return pat.Draft{Description: "ci", Scopes: pat.Unscoped(), ExpiresAt: f.until("ci").ExpiresAt.Add(time.Millisecond)}
		}},
		"after its token was revoked by its holder": {revoke: func(t *testing.T, f *fixture, id pat.TokenID) {
			t.Helper()
			if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), id); err != nil {
				t.Fatal(err)
			}
		}},
		"after its token was revoked by an operator": {revoke: func(t *testing.T, f *fixture, id pat.TokenID) {
			t.Helper()
			if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, id); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			first := f.once(t, f.key(t, "k"), "ci")
			draft := f.until("ci")
			if c.draft != nil {
				draft = c.draft(f)
			}
			if c.revoke != nil {
				c.revoke(t, f, first.token.ID)
			}
			before := f.descriptions(t)
			_, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, f.key(t, "k"))
			pattest.WantKind(t, err, pat.KindKeySpent)
			if secret.Reveal() != "" {
				t.Error("got a secret with the error")
			}
			f.wantDescriptions(t, before...)
		})
	}
}

// TestSpentIsBounded: an account keeps the last ten, and none after the window.
func TestSpentIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 2 * pat.MaxTokens {
		token := f.once(t, f.key(t, fmt.Sprint("k", i)), "ci").token
		if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), token.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(pattest.Read(t, f.store, f.holder.Account.ID).Spent); got != pat.MaxTokens {
		t.Errorf("got %d spent, want %d", got, pat.MaxTokens)
	}
	f.clock.Advance(pat.IdempotencyWindow)
	f.create(t, "without a key")
	if got := len(pattest.Read(t, f.store, f.holder.Account.ID).Spent); got != 0 {
		t.Errorf("after the window: got %d spent, want none", got)
	}
}

func TestTokensWithoutAKeyAreNotSpent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, _ := f.create(t, "ci")
	if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), token.ID); err != nil {
		t.Fatal(err)
	}
	if got := pattest.Read(t, f.store, f.holder.Account.ID).Spent; len(got) != 0 {
		t.Errorf("got %v, want nothing", got)
	}
}

func TestKeyedCreateSurvivesALostResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.LoseResponse(pattest.CallReplaceAccount)
	first := f.once(t, f.key(t, "k"), "ci")
	wantSameToken(t, f.once(t, f.key(t, "k"), "ci"), first)
	f.wantDescriptions(t, "own", "ci")
}

// TestLostCreateIsRepeated: the service returned KindUnavailable although its write had taken effect.
func TestLostCreateIsRepeated(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.store.LoseResponse(pattest.CallReplaceAccount)
	f.store.Before(pattest.CallAccount, func() {})
	f.store.Refuse(pattest.CallAccount, 2, pat.Unavailable(nil))
	_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "k"))
	pattest.WantKind(t, err, pat.KindUnavailable)
	f.wantDescriptions(t, "own", "ci")
	again := f.once(t, f.key(t, "k"), "ci")
	if _, err := f.service.Authenticate(t.Context(), again.secret); err != nil {
		t.Errorf("Authenticate: %v", err)
	}
	f.wantDescriptions(t, "own", "ci")
}

func TestConcurrentRepetitionsCreateOneToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const n = 16
	secrets := make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "k"))
			if err != nil {
				t.Errorf("CreateTokenOnce: %v", err)
			}
			secrets[i] = secret.Reveal()
		})
	}
	all.Wait()
	for _, secret := range secrets {
		if secret != secrets[0] {
			t.Error("concurrent callers got different secrets")
		}
	}
	f.wantDescriptions(t, "own", "ci")
}

func TestKeyOfAnotherTokenIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, other := f.create(t, "other")
	forgery := parse(t, withSelector(string(f.holder.Token.Selector)))
	for name, presented := range map[string]pat.Secret{"of the same user": other, "with another secret": forgery} {
		_, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), keyOf(t, presented, "k"))
		if pat.KindOf(err) != pat.KindUnauthenticated || err == nil {
			t.Errorf("with a token %s: got %v, want kind %d", name, err, pat.KindUnauthenticated)
		}
	}
	f.wantDescriptions(t, "own", "other")
}

func TestRevokedHolderCannotRepeat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.once(t, f.key(t, "k"), "ci")
	if err := f.service.RevokeUserToken(t.Context(), f.holder.Account.ID, f.holder.Token.ID); err != nil {
		t.Fatal(err)
	}
	_, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), f.key(t, "k"))
	wantRefused(t, err, pat.ReasonInvalid)
	if secret.Reveal() != "" {
		t.Error("the holder of a revoked token got a secret")
	}
}

func TestIdempotencyKeyForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	longest := strings.Repeat("k", pat.MaxIdempotencyKeyLen)
	for name, c := range map[string]struct {
		key   string
		valid bool
	}{
		"one character": {"k", true}, "in quotes": {`"k"`, true}, "longest": {longest, true},
		"empty": {"", false}, "too long": {longest + "k", false}, "a blank": {"a b", false}, "a control character": {"a\x7f", false},
		"a letter beyond ASCII": {"é", false}, "NUL": {"\x00", false},
	} {
		_, err := pat.NewIdempotencyKey(f.holder.Secret, c.key)
		if valid := err == nil; valid != c.valid || (!valid && pat.KindOf(err) != pat.KindInvalid) {
			t.Errorf("%s: got %v, want valid: %t", name, err, c.valid)
		}
	}
}

func TestIdempotencyKeyDoesNotPrint(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key := f.key(t, "the-client's-key")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text := fmt.Sprintf(verb, key)
		if strings.Contains(text, f.holder.Secret.Reveal()) || strings.Contains(text, "the-client's-key") || strings.Contains(text, "user:v2") {
			t.Errorf("%s prints the presented token or the key", verb)
		}
	}
}

// TestDerivedSecretsAreTokens: any key derives a well-formed token of the caller.
func TestDerivedSecretsAreTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		used++
		text := strconv.Itoa(used) + rapid.StringMatching(`[!-~]{0,240}`).Draw(t, "key")
		key, err := pat.NewIdempotencyKey(f.holder.Secret, text)
		if err != nil {
			t.Fatal(err)
		}
		token, secret, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), f.until("ci"), key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pat.ParseSecret(secret.Reveal()); err != nil || secret.Selector().UserID() != f.holder.Account.ID {
			t.Errorf("key %q: the secret is not a token of user %d: %v", text, f.holder.Account.ID, err)
		}
		if err := f.service.RevokeToken(t.Context(), f.holder.Identity(), token.ID); err != nil {
			t.Fatal(err)
		}
	})
}
