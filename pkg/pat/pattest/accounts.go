package pattest

import (
	"fmt"
	"testing"
	"time"

	"pats/pkg/pat"
)

// unicodeText has characters that storage layers get wrong: quotes, markup, line separators, wide, combining and right-to-left text.
const unicodeText = "Zoë \"q\" \\ </b> & \u2028 日本 e\u0301 שלום 👩‍👩‍👧 ß"

var accountPromises = []promise{
	{"CreateAccount returns what Account reads", createdIsRead},
	{"CreateAccount ignores ID, Tokens and Version", draftIsIgnored},
	{"CreateAccount keeps every profile", profilesAreKept},
	{"CreateAccount keeps times in UTC and whole milliseconds", timesAreUTC},
	{"CreateAccount assigns rising IDs, none twice", userIDsRise},
	{"CreateAccount assigns distinct IDs to concurrent callers", userIDsAreDistinct},
	{"Account of an unknown user is KindNotFound", nobodyIsNotFound},
}

func createdIsRead(t *testing.T, store pat.Store) {
	made := Account(t, store, Profile("ann", pat.Editor))
	want := pat.Account{ID: made.ID, Profile: Profile("ann", pat.Editor), CreatedAt: Start, NextTokenID: 1, Version: made.Version}
	wantSame(t, made, want)
	wantAccount(t, store, want)
	if made.ID != 1 {
		t.Errorf("the first user has ID %d, want 1", made.ID)
	}
}

func draftIsIgnored(t *testing.T, store pat.Store) {
	draft := withTokens(t, pat.Account{ID: 99, Version: 77, Profile: Profile("ann", pat.Viewer), CreatedAt: Start}, 2)
	draft.NextTokenID = 1
	made, err := store.CreateAccount(t.Context(), draft)
	succeed(t, err)
	if made.ID == 99 || made.Version == 77 || len(made.Tokens) != 0 {
		t.Errorf("got ID %d, version %d and %d tokens of the draft's", made.ID, made.Version, len(made.Tokens))
	}
	wantAccount(t, store, made)
}

func profilesAreKept(t *testing.T, store pat.Store) {
	profiles := []pat.Profile{
		{Username: "only-username", Role: pat.Viewer},
		{Email: "only-email@example.org", Role: pat.Editor},
		{Username: unicodeText, Name: unicodeText, Email: "zoë@example.org", Role: pat.Viewer},
		{Username: "disabled", Role: pat.Viewer, Disabled: true},
		{Username: "Mixed.Case", Name: "Mixed Case", Email: "Mixed.Case@Example.ORG", Role: pat.Admin},
	}
	for _, profile := range profiles {
		made := Account(t, store, profile)
		if made.Profile != profile {
			t.Errorf("got profile %+v, want %+v", made.Profile, profile)
		}
		wantAccount(t, store, made)
	}
}

func timesAreUTC(t *testing.T, store pat.Store) {
	elsewhere := time.FixedZone("elsewhere", 5*60*60+30*60)
	draft := pat.Account{Profile: Profile("ann", pat.Viewer), NextTokenID: 1, CreatedAt: Start.Add(999 * time.Microsecond).In(elsewhere)}
	made, err := store.CreateAccount(t.Context(), draft)
	succeed(t, err)
	for _, got := range []time.Time{made.CreatedAt, Read(t, store, made.ID).CreatedAt} {
		if !got.Equal(Start) || got.Location() != time.UTC {
			t.Errorf("got %v, want %v", got, Start)
		}
	}
}

func userIDsRise(t *testing.T, store pat.Store) {
	last := pat.UserID(0)
	for i := range 5 {
		made := Account(t, store, Profile(fmt.Sprintf("user%d", i), pat.Viewer))
		if made.ID <= last {
			t.Errorf("got ID %d after %d, want a higher one", made.ID, last)
		}
		last = made.ID
		succeed(t, store.DeleteAccount(t.Context(), made))
	}
}

func userIDsAreDistinct(t *testing.T, store pat.Store) {
	const n = 16
	ids := make([]pat.UserID, n)
	errs := together(n, func(i int) error {
		made, err := store.CreateAccount(t.Context(), pat.Account{Profile: Profile(fmt.Sprintf("user%d", i), pat.Viewer), NextTokenID: 1})
		ids[i] = made.ID
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: n})
	seen := map[pat.UserID]bool{}
	for _, id := range ids {
		if seen[id] {
			t.Errorf("ID %d was assigned twice", id)
		}
		seen[id] = true
	}
}

func nobodyIsNotFound(t *testing.T, store pat.Store) {
	for _, id := range []pat.UserID{1, 2, pat.MaxID} {
		_, err := store.Account(t.Context(), id)
		WantKind(t, err, pat.KindNotFound)
	}
}

// withTokens returns account with n tokens, the first of which is unscoped, as releases without scopes created it.
func withTokens(t *testing.T, account pat.Account, n int) pat.Account {
	t.Helper()
	random := NewRandom()
	for i := range n {
		secret, err := pat.NewSecret(random, account.ID)
		succeed(t, err)
		of := lineage(t, i)
		account.Tokens = append(account.Tokens, pat.Token{
			ID:          account.NextTokenID,
			Description: fmt.Sprintf("%d %s", i, unicodeText),
			Scopes:      of.Scopes,
			Selector:    secret.Selector(),
			Verifier:    secret.Verifier(),
			CreatedAt:   Start,
			ExpiresAt:   Start.Add(Lifetime + time.Duration(i)*time.Millisecond),
			Keyed:       i%2 == 1,
			Maker:       of.Maker,
			Ancestors:   of.Ancestors,
		})
		account.NextTokenID++
	}
	return account
}
