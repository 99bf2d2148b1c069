package pattest

import (
	"fmt"
	"strings"
	"testing"

	"pats/pkg/pat"
)

var uniquePromises = []promise{
	{"CreateAccount of a taken username or email is KindUserExists", takenOnCreate},
	{"CreateAccount that fails takes no key", failedCreateTakesNothing},
	{"CreateAccount of one email by many callers concurrently succeeds once", oneTakes},
	{"ReplaceAccount to a taken username or email is KindUserExists", takenOnReplace},
	{"ReplaceAccount can keep or respell the user's own keys", ownMayBeRespelt},
	{"ReplaceAccount frees a username and an email", renameFrees},
	{"DeleteAccount frees a username and an email", deleteFrees},
	{"A username can be another user's email", kindsAreApart},
	{"FindUser returns the user with a username or an email", keyFindsUser},
	{"FindUser of an unknown key is KindNotFound", unknownKeyFindsNobody},
	{"FindUser follows each change at once", keyFollowsChanges},
}

// rivals returns profiles that conflict with annProfile.
func rivals() map[string]pat.Profile {
	ann := annProfile()
	return map[string]pat.Profile{
		"username":            {Username: ann.Username, Role: pat.Viewer},
		"email":               {Username: "other", Email: ann.Email, Role: pat.Viewer},
		"email in upper case": {Username: "other", Email: strings.ToUpper(ann.Email), Role: pat.Viewer},
	}
}

func annProfile() pat.Profile {
	return pat.Profile{Username: "Ann Ünal", Email: "Ann@Example.org", Role: pat.Viewer}
}

func takenOnCreate(t *testing.T, store pat.Store) {
	ann := Account(t, store, annProfile())
	for name, profile := range rivals() {
		_, err := store.CreateAccount(t.Context(), pat.Account{Profile: profile, CreatedAt: Start, NextTokenID: 1})
		if pat.KindOf(err) != pat.KindUserExists {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUserExists)
		}
	}
	wantAccount(t, store, ann)
}

func failedCreateTakesNothing(t *testing.T, store pat.Store) {
	ann := Account(t, store, annProfile())
	_, err := store.CreateAccount(t.Context(), pat.Account{Profile: pat.Profile{Username: "free", Email: ann.Email, Role: pat.Viewer}})
	WantKind(t, err, pat.KindUserExists)
	Account(t, store, pat.Profile{Username: "free", Role: pat.Viewer})
}

func oneTakes(t *testing.T, store pat.Store) {
	const n = 16
	errs := together(n, func(i int) error {
		email := []string{"ann@example.org", "Ann@Example.org", "ANN@EXAMPLE.ORG"}[i%3]
		_, err := store.CreateAccount(t.Context(), pat.Account{Profile: pat.Profile{Email: email, Role: pat.Viewer}, NextTokenID: 1})
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindUserExists: n - 1})
	if got := len(list(t, store, 0, n)); got != 1 {
		t.Errorf("%d users are listed, want 1", got)
	}
}

func takenOnReplace(t *testing.T, store pat.Store) {
	ann, bob := Account(t, store, annProfile()), Account(t, store, Profile("bob", pat.Viewer))
	for name, profile := range rivals() {
		after := bob
		after.Profile = profile
		if err := store.ReplaceAccount(t.Context(), bob, after); pat.KindOf(err) != pat.KindUserExists {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUserExists)
		}
	}
	wantAccount(t, store, ann)
	wantAccount(t, store, bob)
}

func ownMayBeRespelt(t *testing.T, store pat.Store) {
	account := Account(t, store, annProfile())
	for _, profile := range rivals() {
		account.Profile = profile
		account = replaced(t, store, account)
		wantAccount(t, store, account)
	}
	_, err := store.CreateAccount(t.Context(), pat.Account{Profile: account.Profile, NextTokenID: 1})
	WantKind(t, err, pat.KindUserExists)
}

func renameFrees(t *testing.T, store pat.Store) {
	account := Account(t, store, annProfile())
	account.Profile = pat.Profile{Username: "bob", Role: pat.Viewer}
	replaced(t, store, account)
	Account(t, store, annProfile())
}

func deleteFrees(t *testing.T, store pat.Store) {
	for range 3 {
		succeed(t, store.DeleteAccount(t.Context(), Account(t, store, annProfile())))
	}
	Account(t, store, annProfile())
}

func kindsAreApart(t *testing.T, store pat.Store) {
	ann := Account(t, store, annProfile())
	other := Account(t, store, pat.Profile{Username: ann.Email, Email: fmt.Sprintf("%d@example.org", ann.ID), Role: pat.Viewer})
	wantAccount(t, store, other)
}

// wantKeyOf fails the test unless key finds exactly this user, or no user if id is 0.
func wantKeyOf(t *testing.T, store pat.Store, key string, id pat.UserID) {
	t.Helper()
	got, err := store.FindUser(t.Context(), key)
	if id == 0 {
		WantKind(t, err, pat.KindNotFound)
	} else {
		succeed(t, err)
	}
	if got != id {
		t.Errorf("FindUser(%q): got user %d, want %d", key, got, id)
	}
}

func keyFindsUser(t *testing.T, store pat.Store) {
	for _, profile := range []pat.Profile{annProfile(), {Username: "bob", Role: pat.Viewer}, {Email: "eve@example.org", Role: pat.Viewer}} {
		account := Account(t, store, profile)
		for _, key := range account.UniqueKeys() {
			wantKeyOf(t, store, key, account.ID)
		}
	}
}

func unknownKeyFindsNobody(t *testing.T, store pat.Store) {
	Account(t, store, pat.Profile{Username: "ann", Email: "ann@example.org", Role: pat.Viewer})
	for _, key := range []string{
		"username:", "username:an", "username:anna", "username:Ann", "username:ann@example.org",
		"email:", "email:ann", "email:nn@example.org", "ann", "", "username:" + strings.Repeat("🦫", pat.MaxTextLen),
	} {
		wantKeyOf(t, store, key, 0)
	}
}

func keyFollowsChanges(t *testing.T, store pat.Store) {
	account := Account(t, store, annProfile())
	had := account.UniqueKeys()
	account.Profile = Profile("anne", pat.Viewer)
	account = replaced(t, store, account)
	has := account.UniqueKeys()
	for i := range had {
		wantKeyOf(t, store, had[i], 0)
		wantKeyOf(t, store, has[i], account.ID)
	}
	succeed(t, store.DeleteAccount(t.Context(), account))
	for _, key := range has {
		wantKeyOf(t, store, key, 0)
	}
}
