package crash_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// TestAuditFindsPlantedFaults changes a data folder, but not its history, in each way that a crash might.
func TestAuditFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want  fault
		plant func(*testing.T, *folder, *fixture)
	}{
		"nothing":                          {"", func(*testing.T, *folder, *fixture) {}},
		"a created token is lost":          {lost, deleteToken},
		"a listed token is refused":        {lost, changeSecret},
		"the last changes are lost":        {lost, restoreEarlier},
		"a rotation is lost":               {lost, undoRotation},
		"a replaced secret works":          {lost, extendOverlap},
		"a created user is lost":           {lost, deleteUser},
		"half of a revocation":             {inconsistent, revokeHalf},
		"an ID is reused":                  {inconsistent, reuseID},
		"a token that was never requested": {inconsistent, addToken},
		"a user who was never requested":   {inconsistent, addUser},
		"a settled token comes back":       {inconsistent, restoreSettled},
		"a byte of the file flips":         {damaged, flipByte},
		"the file has mode 0640":           {damaged, openFileMode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			w := f.work(t)
			test.plant(t, f, w)
			findings := f.inspect(t, false)
			if len(findings) == 0 {
				findings = f.auditOffline(t)
			}
			kinds := map[fault]bool{}
			for _, finding := range findings {
				kinds[finding.fault] = true
			}
			if got := len(kinds) > 0; got != (test.want != "") || got && !kinds[test.want] {
				t.Errorf("got findings %v, want some that are %q", findings, test.want)
			}
		})
	}
}

// fixture is what planting needs to know of a folder.
type fixture struct {
	// earlier is the data file before the last changes.
	earlier []byte
	kept    *token
}

// work uses a folder without a kill: it creates, rotates and revokes tokens, and creates a user.
func (f *folder) work(t *testing.T) *fixture {
	t.Helper()
	serveOnce(t, f.path)
	f.setUp(t, 1)
	h, w := f.history.holders[0], &fixture{}
	s := serve(t, f.path)
	c := newClient(t, s)
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	earlier, err := os.ReadFile(f.dataFile())
	must.Do(t, err)
	w.earlier, w.kept = earlier, h.tokens[1]
	mustStep(t, func() (bool, error) { return h.rotate(t.Context(), c, w.kept) })
	mustStep(t, func() (bool, error) { return h.revoke(t.Context(), c, h.tokens[2]) })
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	users := &memberWorker{&f.history}
	mustStep(t, func() (bool, error) { return users.create(t.Context(), c, "as created") })
	must.Do(t, s.Stop())
	return w
}

func mustStep(t *testing.T, step func() (bool, error)) {
	t.Helper()
	if more, err := step(); err != nil || !more {
		t.Fatalf("got response %v and error %v, want a response", more, err)
	}
}

// auditOffline compares the data file with the history.
func (f *folder) auditOffline(t *testing.T) []finding {
	t.Helper()
	store, err := boltstore.Open(f.dataFile())
	must.Do(t, err)
	defer func() { _ = store.Close() }()
	a := &audit{history: &f.history, state: newStoreState(store), at: afterAll, everything: true}
	must.Do(t, a.run(t.Context()))
	return a.findings
}

func deleteToken(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	f.offline(t, func(service *pat.Service) {
		must.Do(t, service.RevokeUserToken(t.Context(), f.history.holders[0].user, w.kept.id))
	})
}

// revokeHalf revokes one of two tokens that a request without a response was to revoke together.
func revokeHalf(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	together, tokens := &op{}, f.history.holders[0].tokens
	w.kept.remove, tokens[len(tokens)-1].remove = together, together
	deleteToken(t, f, w)
}

// changeSecret replaces what the store keeps of a token's secret.
func changeSecret(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	f.changeToken(t, w.kept.id, func(token *pat.Token) { token.Verifier = f.history.admin.own.Verifier() })
}

// undoRotation lets the secret that was replaced be the present one.
func undoRotation(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	f.changeToken(t, w.kept.id, func(token *pat.Token) {
		token.Selector, token.Verifier = token.Replaced.Selector, token.Replaced.Verifier
		token.RotatedAt, token.Replaced = time.Time{}, pat.Replaced{}
	})
}

// extendOverlap lets the secret that was replaced work.
func extendOverlap(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	f.changeToken(t, w.kept.id, func(token *pat.Token) { token.Replaced.Until = token.ExpiresAt })
}

// changeToken changes the record of a token of the first holder.
func (f *folder) changeToken(t *testing.T, id pat.TokenID, change func(*pat.Token)) {
	t.Helper()
	store, err := boltstore.Open(f.dataFile())
	must.Do(t, err)
	defer func() { _ = store.Close() }()
	before, err := store.Account(t.Context(), f.history.holders[0].user)
	must.Do(t, err)
	after := before
	after.Tokens = slices.Clone(before.Tokens)
	change(&after.Tokens[slices.IndexFunc(after.Tokens, func(token pat.Token) bool { return token.ID == id })])
	must.Do(t, store.ReplaceAccount(t.Context(), before, after))
}

func restoreEarlier(t *testing.T, f *folder, w *fixture) {
	t.Helper()
	f.writeFile(t, w.earlier)
}

func (f *folder) writeFile(t *testing.T, data []byte) {
	t.Helper()
	must.Do(t, os.WriteFile(f.dataFile(), data, 0o600))
}

func deleteUser(t *testing.T, f *folder, _ *fixture) {
	t.Helper()
	f.offline(t, func(service *pat.Service) {
		must.Do(t, service.DeleteUser(t.Context(), f.history.members[0].id))
	})
}

// reuseID makes the history expect a higher ID for a token.
func reuseID(_ *testing.T, _ *folder, w *fixture) { w.kept.floor = w.kept.id }

func addToken(t *testing.T, f *folder, _ *fixture) {
	t.Helper()
	f.offline(t, func(service *pat.Service) { issue(t, service, f.history.holders[0].user, "stranger") })
}

func addUser(t *testing.T, f *folder, _ *fixture) {
	t.Helper()
	f.offline(t, func(service *pat.Service) { newHolder(t, service, "stranger", f.history.admin.own) })
}

// restoreSettled makes the history expect that a token was never created.
func restoreSettled(_ *testing.T, _ *folder, w *fixture) { *w.kept.create = op{void: true} }

// flipByte changes a byte of the records, on all pages, since some pages are not in use.
func flipByte(t *testing.T, f *folder, _ *fixture) {
	t.Helper()
	data, err := os.ReadFile(f.dataFile())
	must.Do(t, err)
	f.writeFile(t, bytes.ReplaceAll(data, []byte(`"description":"a-`), []byte(`"description":"b-`)))
}

func openFileMode(t *testing.T, f *folder, _ *fixture) {
	t.Helper()
	must.Do(t, os.Chmod(filepath.Join(f.path, dataName), 0o640))
}
