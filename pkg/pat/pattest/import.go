package pattest

import (
	"fmt"
	"testing"
	"time"

	"pats/pkg/pat"
)

var importPromises = []promise{
	{"ImportAccount creates a user with ID, tokens and uses", importMakes},
	{"ImportAccount of an existing user as a new one is KindConflict and changes nothing", importKeepsWhoIsThere},
	{"ImportAccount adds tokens to a user", importAdds},
	{"ImportAccount of a stale version is KindConflict and changes nothing", importOfStaleConflicts},
	{"ImportAccount of a token that was imported before is KindConflict", importedOnce},
	{"ImportAccount of a taken username or email is KindUserExists and leaves no trace", importOfTaken},
	{"ImportAccount counts enabled Admins", importCountsAdmins},
	{"ImportAccount adds ImportStep tokens", importsStep},
	{"ImportAccount by many callers concurrently creates one user", oneImports},
	{"ImportAccount and CreateAccount of one username concurrently succeed once", oneImportsOrCreates},
	{"LookUp finds the user for whom a token was imported, even when both are gone", lookUpStays},
	{"LookUp does not find what was not imported", lookUpOfNothing},
	{"ReserveUserIDs raises the next ID and never lowers it", reservedStays},
	{"Service: an import can be repeated, and brings back nothing that was revoked", importRepeats},
	{"Service: an imported token is valid once it is accepted", importedIsValid},
}

// foreigner returns a user of another service with n tokens, whose selectors name no user.
func foreigner(t *testing.T, name string, id pat.UserID, n int) pat.Account {
	t.Helper()
	account := withTokens(t, pat.Account{ID: id, Profile: Profile(name, pat.Viewer), CreatedAt: Start, NextTokenID: 100 * pat.TokenID(id)}, n)
	for i := range account.Tokens {
		token := &account.Tokens[i]
		token.Selector = foreignSelector(id, i)
		// What the rules of an import accept:
		token.Description = fmt.Sprintf("token %d", i)
		token.Scopes, token.Maker, token.Ancestors = pat.Unscoped(), pat.Maker{}, nil
	}
	return account
}

func foreignSelector(id pat.UserID, i int) pat.Selector {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	return pat.Selector("_____" + string(letters[id]) + string(letters[i/52]) + string(letters[i%52]) + "AAAAAAAAAAAAAA")
}

// imported imports account into store, and returns what must be read then.
func imported(t *testing.T, store pat.Store, account pat.Account) pat.Account {
	t.Helper()
	succeed(t, store.ReserveUserIDs(t.Context(), account.ID))
	succeed(t, store.ImportAccount(t.Context(), pat.Account{}, account))
	account.Version = 1
	return account
}

func importMakes(t *testing.T, store pat.Store) {
	account := foreigner(t, "ann", 7, 3)
	account.Tokens[1].SeenAt = Start.Add(time.Minute)
	want := imported(t, store, account)
	wantAccount(t, store, want)
	if got := list(t, store, 0, 10); len(got) != 1 || got[0].ID != 7 {
		t.Errorf("got %v listed, want user 7", got)
	}
	succeed(t, store.MarkSeen(t.Context(), want, want.Tokens[2].ID, Start))
	wantSeen(t, store, 7, time.Time{}, Start.Add(time.Minute), Start)
}

func importKeepsWhoIsThere(t *testing.T, store pat.Store) {
	want := imported(t, store, foreigner(t, "ann", 7, 1))
	other := foreigner(t, "bob", 7, 2)
	other.Tokens[0].Selector, other.Tokens[1].Selector = foreignSelector(1, 0), foreignSelector(1, 1)
	WantKind(t, store.ImportAccount(t.Context(), pat.Account{}, other), pat.KindConflict)
	wantAccount(t, store, want)
	wantNotFound(t, store, other.Tokens[0].Selector)
	Account(t, store, Profile("bob", pat.Viewer))
}

func importAdds(t *testing.T, store pat.Store) {
	whole := foreigner(t, "ann", 9, 3)
	first := whole
	first.Tokens = whole.Tokens[:1]
	before := imported(t, store, first)
	succeed(t, store.ImportAccount(t.Context(), before, whole))
	whole.Version = 2
	wantAccount(t, store, whole)
	wantOwner(t, store, whole.Tokens[2].Selector, 9)
}

func importOfStaleConflicts(t *testing.T, store pat.Store) {
	whole := foreigner(t, "ann", 7, 2)
	first := whole
	first.Tokens = whole.Tokens[:1]
	stale := imported(t, store, first)
	current := stale
	current.Name = "Somebody else"
	current = replaced(t, store, current)
	WantKind(t, store.ImportAccount(t.Context(), stale, whole), pat.KindConflict)
	wantAccount(t, store, current)
	wantNotFound(t, store, whole.Tokens[1].Selector)
}

func importedOnce(t *testing.T, store pat.Store) {
	ann := imported(t, store, foreigner(t, "ann", 7, 2))
	none := ann
	none.Tokens = nil
	none = replaced(t, store, none)
	WantKind(t, store.ImportAccount(t.Context(), none, ann), pat.KindConflict)
	wantAccount(t, store, none)
	bob := foreigner(t, "bob", 8, 1)
	bob.Tokens[0].Selector = ann.Tokens[1].Selector
	WantKind(t, store.ImportAccount(t.Context(), pat.Account{}, bob), pat.KindConflict)
	_, err := store.Account(t.Context(), 8)
	WantKind(t, err, pat.KindNotFound)
	wantOwner(t, store, ann.Tokens[1].Selector, 7)
}

func importOfTaken(t *testing.T, store pat.Store) {
	ann := Account(t, store, annProfile())
	for name, profile := range rivals() {
		rival := foreigner(t, "rival", 7, 1)
		rival.Profile = profile
		if err := store.ImportAccount(t.Context(), pat.Account{}, rival); pat.KindOf(err) != pat.KindUserExists {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUserExists)
		}
		wantNotFound(t, store, rival.Tokens[0].Selector)
	}
	wantAccount(t, store, ann)
	Account(t, store, pat.Profile{Username: "other", Role: pat.Viewer})
}

func importCountsAdmins(t *testing.T, store pat.Store) {
	first, second := foreigner(t, "ann", 7, 1), foreigner(t, "bob", 8, 0)
	first.Role, second.Role = pat.Admin, pat.Admin
	first, second = imported(t, store, first), imported(t, store, second)
	succeed(t, store.DeleteAccount(t.Context(), first))
	WantKind(t, store.DeleteAccount(t.Context(), second), pat.KindLastAdmin)
}

func importsStep(t *testing.T, store pat.Store) {
	account := foreigner(t, "ann", 7, pat.ImportStep)
	account.Role = pat.Admin
	wantAccount(t, store, imported(t, store, account))
}

func oneImports(t *testing.T, store pat.Store) {
	const n = 8
	account := foreigner(t, "ann", 7, 2)
	errs := together(n, func(int) error { return store.ImportAccount(t.Context(), pat.Account{}, account) })
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindConflict: n - 1})
	account.Version = 1
	wantAccount(t, store, account)
}

func oneImportsOrCreates(t *testing.T, store pat.Store) {
	const n = 16
	imported := foreigner(t, "ann", 50, 1)
	succeed(t, store.ReserveUserIDs(t.Context(), imported.ID))
	errs := together(n, func(i int) error {
		if i%2 == 0 {
			return store.ImportAccount(t.Context(), pat.Account{}, imported)
		}
		_, err := store.CreateAccount(t.Context(), pat.Account{Profile: pat.Profile{Username: imported.Username, Role: pat.Viewer}, NextTokenID: 1})
		return err
	})
	counts := countKinds(errs)
	if counts[succeeded] != 1 || counts[succeeded]+counts[pat.KindUserExists]+counts[pat.KindConflict] != n {
		t.Errorf("got %v, want one success and %d of kind %d or %d", errs, n-1, pat.KindUserExists, pat.KindConflict)
	}
	if got := len(list(t, store, 0, n)); got != 1 {
		t.Errorf("%d users are listed, want 1", got)
	}
}

func lookUpStays(t *testing.T, store pat.Store) {
	account := imported(t, store, foreigner(t, "ann", 7, 2))
	wantOwner(t, store, account.Tokens[1].Selector, 7)
	less := account
	less.Tokens = account.Tokens[:1]
	less = replaced(t, store, less)
	wantOwner(t, store, account.Tokens[1].Selector, 7)
	succeed(t, store.DeleteAccount(t.Context(), less))
	wantOwner(t, store, account.Tokens[0].Selector, 7)
}

func lookUpOfNothing(t *testing.T, store pat.Store) {
	wantNotFound(t, store, foreignSelector(1, 1))
	native := replaced(t, store, withTokens(t, Account(t, store, Profile("ann", pat.Viewer)), 1))
	wantNotFound(t, store, native.Tokens[0].Selector)
}

func reservedStays(t *testing.T, store pat.Store) {
	for _, step := range []struct{ reserve, want pat.UserID }{{50, 51}, {50, 52}, {3, 53}, {53, 54}, {60, 61}} {
		succeed(t, store.ReserveUserIDs(t.Context(), step.reserve))
		made := Account(t, store, pat.Profile{Username: fmt.Sprint("user", step.want), Role: pat.Viewer})
		if made.ID != step.want {
			t.Errorf("after reserving %d: got ID %d, want %d", step.reserve, made.ID, step.want)
		}
	}
}

func importRepeats(t *testing.T, store pat.Store) {
	service, account := newService(store), foreigner(t, "ann", 7, 3)
	succeed(t, service.ReserveUserIDs(t.Context(), 7))
	got, err := service.ImportUser(t.Context(), account)
	succeed(t, err)
	wantOutcome(t, got, true, "added", "added", "added")
	succeed(t, service.RevokeUserToken(t.Context(), 7, account.Tokens[2].ID))
	before := Read(t, store, 7)
	got, err = service.ImportUser(t.Context(), account)
	succeed(t, err)
	wantOutcome(t, got, false, "present", "present", "refused")
	wantAccount(t, store, before)
	succeed(t, service.DeleteUser(t.Context(), 7))
	got, err = service.ImportUser(t.Context(), account)
	succeed(t, err)
	if _, err := store.Account(t.Context(), 7); got.Refusal == "" || pat.KindOf(err) != pat.KindNotFound {
		t.Errorf("a deleted user came back: %+v, %v", got, err)
	}
}

func importedIsValid(t *testing.T, store pat.Store) {
	secret, err := pat.ParseForeignSecret("user:0123456789abcdef0123456789abcdef0123456789abcdef01234567")
	succeed(t, err)
	account := foreigner(t, "ann", 7, 1)
	account.Tokens[0].Selector, account.Tokens[0].Verifier = secret.Selector(), secret.Verifier()
	service := newService(store)
	_, err = service.ImportUser(t.Context(), account)
	succeed(t, err)
	_, err = service.Authenticate(t.Context(), secret)
	WantKind(t, err, pat.KindUnauthenticated)
	service = pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, AcceptImported: true}, Env(NewClock()))
	who, err := service.Authenticate(t.Context(), secret)
	succeed(t, err)
	if want := (pat.Identity{User: 7, Selector: secret.Selector()}); who != want {
		t.Errorf("got %+v, want %+v", who, want)
	}
	wantSeen(t, store, 7, Start)
	succeed(t, service.RevokeToken(t.Context(), who, account.Tokens[0].ID))
	_, err = service.Authenticate(t.Context(), secret)
	WantKind(t, err, pat.KindUnauthenticated)
}

// wantOutcome fails the test unless the import created the user, or not, and each token has the wanted outcome.
func wantOutcome(t *testing.T, got pat.Imported, made bool, want ...string) {
	t.Helper()
	if got.Made != made || got.Refusal != "" || len(got.Tokens) != len(want) {
		t.Fatalf("got %+v, want made %t and %d tokens", got, made, len(want))
	}
	for i, token := range got.Tokens {
		outcome := map[bool]string{true: "added", false: "present"}[token.Added]
		if token.Refusal != "" {
			outcome = "refused"
		}
		if outcome != want[i] {
			t.Errorf("token %d: got %+v, want %s", token.ID, token, want[i])
		}
	}
}

func wantOwner(t *testing.T, store pat.Store, selector pat.Selector, want pat.UserID) {
	t.Helper()
	got, err := store.LookUp(t.Context(), selector)
	succeed(t, err)
	if got != want {
		t.Errorf("LookUp(%s): got user %d, want %d", selector, got, want)
	}
}

func wantNotFound(t *testing.T, store pat.Store, selector pat.Selector) {
	t.Helper()
	_, err := store.LookUp(t.Context(), selector)
	WantKind(t, err, pat.KindNotFound)
}
