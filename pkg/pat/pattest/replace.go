package pattest

import (
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
)

var replacePromises = []promise{
	{"ReplaceAccount writes all and raises the version by one", replaceWritesAll},
	{"ReplaceAccount stores the largest account", largestIsKept},
	{"ReplaceAccount removes tokens", tokensAreTaken},
	{"ReplaceAccount does not write SeenAt", replaceLeavesSeen},
	{"ReplaceAccount of a stale version is KindConflict and writes nothing", staleConflicts},
	{"ReplaceAccount of a user that is gone is KindConflict", goneConflicts},
	{"ReplaceAccount by many callers concurrently from one version succeeds once", oneReplaces},
	{"ReplaceAccount that fails leaves no trace", failureLeavesNothing},
}

func replaceWritesAll(t *testing.T, store pat.Store) {
	before := Account(t, store, Profile("ann", pat.Viewer))
	after := withTokens(t, before, 3)
	after.Profile = pat.Profile{Username: unicodeText, Name: "", Email: "new@example.org", Role: pat.Admin}
	after.Spent = spent(after.Tokens)
	succeed(t, store.ReplaceAccount(t.Context(), before, after))
	after.Version = before.Version + 1
	wantAccount(t, store, after)
	for _, token := range Read(t, store, before.ID).Tokens {
		if token.CreatedAt.Location() != time.UTC || token.ExpiresAt.Location() != time.UTC {
			t.Errorf("got times %v and %v, want UTC", token.CreatedAt, token.ExpiresAt)
		}
	}
}

func largestIsKept(t *testing.T, store pat.Store) {
	before := Account(t, store, Profile("ann", pat.Viewer))
	after := withTokens(t, before, pat.MaxTokens)
	for i := range after.Tokens {
		token, of := &after.Tokens[i], lineage(t, 5)
		token.Description = strings.Repeat("🦫", pat.MaxTextLen-1) + string(rune('0'+i))
		token.Scopes, token.Maker, token.Ancestors = of.Scopes, of.Maker, of.Ancestors
		token.RotatedAt, token.Replaced = rotated(t, before.ID, true)
	}
	after.NextTokenID = pat.MaxID
	succeed(t, store.CheckSize(after))
	succeed(t, store.ReplaceAccount(t.Context(), before, after))
	after.Version++
	wantAccount(t, store, after)
}

func tokensAreTaken(t *testing.T, store pat.Store) {
	full := withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), 3)
	full.Spent = spent(full.Tokens)
	full = replaced(t, store, full)
	after := full
	after.Spent = full.Spent[1:]
	after.Tokens = full.Tokens[1:2]
	wantAccount(t, store, replaced(t, store, after))
	after = Read(t, store, full.ID)
	after.Tokens, after.Spent = nil, nil
	wantAccount(t, store, replaced(t, store, after))
}

// spent returns what remains of tokens after their revocation.
func spent(tokens []pat.Token) []pat.Spent {
	var result []pat.Spent
	for _, t := range tokens {
		result = append(result, pat.Spent{Selector: t.Selector, Verifier: t.Verifier, Until: t.CreatedAt.Add(pat.IdempotencyWindow)})
	}
	return result
}

// replaced replaces the stored account, and returns what must be read then.
func replaced(t *testing.T, store pat.Store, account pat.Account) pat.Account {
	t.Helper()
	before := Read(t, store, account.ID)
	succeed(t, store.ReplaceAccount(t.Context(), before, account))
	account.Version = before.Version + 1
	return account
}

func replaceLeavesSeen(t *testing.T, store pat.Store) {
	account := replaced(t, store, withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), 2))
	succeed(t, store.MarkSeen(t.Context(), account, 1, Start))
	after := Read(t, store, account.ID)
	after.Tokens[0].SeenAt = Start.Add(time.Hour)
	after.Tokens[1].SeenAt = Start.Add(time.Hour)
	want := replaced(t, store, after)
	want.Tokens[0].SeenAt = Start
	want.Tokens[1].SeenAt = time.Time{}
	wantAccount(t, store, want)
}

func staleConflicts(t *testing.T, store pat.Store) {
	stale := Account(t, store, Profile("ann", pat.Viewer))
	current := replaced(t, store, withTokens(t, stale, 1))
	after := stale
	after.Name = "Somebody else"
	WantKind(t, store.ReplaceAccount(t.Context(), stale, after), pat.KindConflict)
	early := current
	early.Version++
	WantKind(t, store.ReplaceAccount(t.Context(), early, after), pat.KindConflict)
	wantAccount(t, store, current)
}

func goneConflicts(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	succeed(t, store.DeleteAccount(t.Context(), account))
	WantKind(t, store.ReplaceAccount(t.Context(), account, withTokens(t, account, 1)), pat.KindConflict)
	_, err := store.Account(t.Context(), account.ID)
	WantKind(t, err, pat.KindNotFound)
}

func oneReplaces(t *testing.T, store pat.Store) {
	const n = 16
	before := Account(t, store, Profile("ann", pat.Viewer))
	after := withTokens(t, before, 1)
	errs := together(n, func(int) error { return store.ReplaceAccount(t.Context(), before, after) })
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindConflict: n - 1})
	if got := Read(t, store, before.ID); got.Version != before.Version+1 {
		t.Errorf("got version %d, want %d", got.Version, before.Version+1)
	}
}

func failureLeavesNothing(t *testing.T, store pat.Store) {
	ann, bob := Account(t, store, Profile("ann", pat.Viewer)), Account(t, store, Profile("bob", pat.Viewer))
	after := withTokens(t, bob, 2)
	after.Profile = pat.Profile{Username: "free", Email: ann.Email, Role: pat.Admin}
	WantKind(t, store.ReplaceAccount(t.Context(), bob, after), pat.KindUserExists)
	wantAccount(t, store, bob)
	Account(t, store, pat.Profile{Username: "free", Role: pat.Viewer})
	if got := len(list(t, store, 0, 10)); got != 3 {
		t.Errorf("%d users are listed, want 3", got)
	}
}
