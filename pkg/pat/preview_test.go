package pat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestPreviewPredictsTheImport imports the same users into a Preview and into the store: the outcomes are the same, and the preview writes
// nothing.
func TestPreviewPredictsTheImport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.importUser(t, importable(t, 20))
	before := pattest.Read(t, f.store, 7)
	f.store.Forget()
	preview, err := pat.NewPreview(t.Context(), f.store)
	if err != nil {
		t.Fatal(err)
	}
	users := []pat.Account{importable(t, 20, 22)}
	for id, name := range map[pat.UserID]string{8: "bob", 9: "ann", 10: "vera", 1: "other", 11: "eve"} {
		user := importable(t, int(100+id), int(120+id))
		user.ID, user.Profile = id, pattest.Profile(name, pat.Viewer)
		users = append(users, user)
	}
	users[1].Tokens[0].Selector = foreign(t, 20).Selector()
	dry := imports(t, pat.NewService(preview, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(f.clock)), users)
	for _, call := range []pattest.Call{pattest.CallImportAccount, pattest.CallReserveUserIDs, pattest.CallReplaceAccount} {
		if n := f.store.Count(call); n != 0 {
			t.Errorf("%s: got %d calls, want none", call, n)
		}
	}
	if diff := cmp.Diff(before, pattest.Read(t, f.store, 7)); diff != "" {
		t.Errorf("the preview wrote, -before +after:\n%s", diff)
	}
	if diff := cmp.Diff(imports(t, f.service, users), dry); diff != "" {
		t.Errorf("outcomes, -import +preview:\n%s", diff)
	}
}

func imports(t *testing.T, service *pat.Service, users []pat.Account) []pat.Imported {
	t.Helper()
	if err := service.ReserveUserIDs(t.Context(), 99); err != nil {
		t.Fatal(err)
	}
	var results []pat.Imported
	for _, user := range users {
		result, err := service.ImportUser(t.Context(), user)
		if err != nil {
			t.Fatalf("ImportUser(%d): %v", user.ID, err)
		}
		results = append(results, result)
	}
	return results
}
