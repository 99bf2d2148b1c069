package crash_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// TestKillsAuditFindsWhatIsPlanted changes a data folder behind its ledger's back in each of the ways that a crash might, and
// wants the audit to tell.
func TestKillsAuditFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want  fault
		plant func(*testing.T, *folder, *worked)
	}{
		"nothing":                    {"", func(*testing.T, *folder, *worked) {}},
		"a created token is lost":    {lost, loseToken},
		"the last changes are lost":  {lost, loseChanges},
		"a created user is lost":     {lost, loseUser},
		"an id is given twice":       {half, giveTwice},
		"a token from nowhere":       {half, addToken},
		"a user from nowhere":        {half, addUser},
		"a settled token comes back": {half, bringBack},
		"a byte of the file flips":   {damaged, flipByte},
		"the file is open to others": {damaged, openToOthers},
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

// worked is what a folder has seen.
type worked struct {
	// earlier is the data file before the last changes.
	earlier []byte
	kept    *token
}

// work has a folder used without a kill: tokens are made and revoked, and a user is made.
func (f *folder) work(t *testing.T) *worked {
	t.Helper()
	serve(t, f.path).stop()
	f.setUp(t, 1)
	h, w := f.ledger.holders[0], &worked{}
	s := serve(t, f.path)
	c := newClient(s)
	defer c.close()
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	earlier, err := os.ReadFile(f.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	w.earlier, w.kept = earlier, h.tokens[1]
	mustStep(t, func() (bool, error) { return h.revoke(t.Context(), c, h.tokens[2]) })
	mustStep(t, func() (bool, error) { return h.create(t.Context(), c, "a") })
	users := &memberWorker{f.ledger.members, f.ledger.admin.anchor}
	mustStep(t, func() (bool, error) { return users.create(t.Context(), c, "as made") })
	s.stop()
	return w
}

func mustStep(t *testing.T, step func() (bool, error)) {
	t.Helper()
	if more, err := step(); err != nil || !more {
		t.Fatalf("got answered %v and %v, want an answer", more, err)
	}
}

// TestAuditFindsAStateThatLies holds a ledger against a state that lists and admits differently.
func TestAuditFindsAStateThatLies(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	w := f.work(t)
	store, err := boltstore.Open(f.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	h := f.ledger.holders[0]
	unanswered := &token{lifetime: lifetime{create: &op{}}, description: w.kept.description, id: w.kept.id, secret: w.kept.secret}
	for name, test := range map[string]struct {
		want  fault
		about pat.Secret
		// second is the holder's second token in the ledger.
		second *token
	}{
		"nothing":                          {"", pat.Secret{}, w.kept},
		"a listed token does not work":     {lost, w.kept.secret, w.kept},
		"a revoked token works":            {lost, h.tokens[2].secret, w.kept},
		"an unanswered one is only listed": {half, w.kept.secret, unanswered},
		"the clients' own token is gone":   {lost, h.anchor, w.kept},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			altered := &holder{name: h.name, user: h.user, anchor: h.anchor, tokens: slices.Clone(h.tokens)}
			altered.tokens[1] = test.second
			l := &ledger{f.ledger.admin, []*holder{altered}, f.ledger.members}
			a := &audit{ledger: l, state: liar{newInStore(store), test.about}, at: afterAll, everything: true}
			if err := a.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := slices.IndexFunc(a.findings, func(f finding) bool { return f.fault == test.want }) >= 0
			if got != (test.want != "") || test.want == "" && len(a.findings) > 0 {
				t.Errorf("got findings %v, want some that are %q", a.findings, test.want)
			}
		})
	}
}

// liar says the contrary of one token.
type liar struct {
	state
	about pat.Secret
}

func (l liar) works(ctx context.Context, secret pat.Secret) (bool, error) {
	works, err := l.state.works(ctx, secret)
	return works != (secret == l.about), err
}

// auditOffline holds the ledger against the data file.
func (f *folder) auditOffline(t *testing.T) []finding {
	t.Helper()
	store, err := boltstore.Open(f.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	a := &audit{ledger: &f.ledger, state: newInStore(store), at: afterAll, everything: true}
	if err := a.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a.findings
}

func loseToken(t *testing.T, f *folder, w *worked) {
	t.Helper()
	f.offline(t, func(service *pat.Service) {
		if err := service.RevokeUserToken(t.Context(), pat.UserID(f.ledger.holders[0].user), pat.TokenID(w.kept.id)); err != nil {
			t.Fatal(err)
		}
	})
}

func loseChanges(t *testing.T, f *folder, w *worked) {
	t.Helper()
	f.write(t, w.earlier)
}

func (f *folder) write(t *testing.T, data []byte) {
	t.Helper()
	if err := os.WriteFile(f.dataFile(), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func loseUser(t *testing.T, f *folder, _ *worked) {
	t.Helper()
	f.offline(t, func(service *pat.Service) {
		if err := service.DeleteUser(t.Context(), pat.UserID(f.ledger.members.members[0].id)); err != nil {
			t.Fatal(err)
		}
	})
}

// giveTwice has the ledger know an id that the next one does not rise above.
func giveTwice(_ *testing.T, _ *folder, w *worked) { w.kept.floor = w.kept.id }

func addToken(t *testing.T, f *folder, _ *worked) {
	t.Helper()
	f.offline(t, func(service *pat.Service) { issue(t, service, pat.UserID(f.ledger.holders[0].user), "stranger") })
}

func addUser(t *testing.T, f *folder, _ *worked) {
	t.Helper()
	f.offline(t, func(service *pat.Service) { newHolder(t, service, "stranger") })
}

// bringBack is as if the token had been settled as never made.
func bringBack(_ *testing.T, _ *folder, w *worked) { *w.kept.create = op{void: true} }

// flipByte changes a byte of the records.
func flipByte(t *testing.T, f *folder, _ *worked) {
	t.Helper()
	data, err := os.ReadFile(f.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	// Of all pages, since it is not known here which one is in use.
	f.write(t, bytes.ReplaceAll(data, []byte(`"description":"a-`), []byte(`"description":"b-`)))
}

func openToOthers(t *testing.T, f *folder, _ *worked) {
	t.Helper()
	if err := os.Chmod(filepath.Join(f.path, dataName), 0o640); err != nil {
		t.Fatal(err)
	}
}
