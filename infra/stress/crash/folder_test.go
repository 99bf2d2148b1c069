package crash_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// folder is a data folder with its ledger.
type folder struct {
	path   string
	ledger ledger
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	return folderIn(t.TempDir())
}

func folderIn(parent string) *folder {
	return &folder{path: filepath.Join(parent, "data"), ledger: ledger{members: &roll{}}}
}

func (f *folder) dataFile() string  { return filepath.Join(f.path, dataName) }
func (f *folder) tokenFile() string { return filepath.Join(f.path, tokenName) }

// offline lets work change the data file while no server runs.
func (f *folder) offline(t *testing.T, work func(*pat.Service)) {
	t.Helper()
	store, err := boltstore.Open(f.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	work(pat.NewService(store, pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler))))
}

// firstToken is the token in the token file. Errors: fs.ErrNotExist; it is no whole token.
func (f *folder) firstToken() (pat.Secret, error) {
	text, err := os.ReadFile(f.tokenFile())
	if err != nil {
		return pat.Secret{}, err
	}
	return pat.ParseSecret(strings.TrimSpace(string(text)))
}

// setUp begins the ledger, of a folder that has been served at least once, with the first user and so many holders. Where a kill
// came before the token file, it makes one as the ready line's note says.
func (f *folder) setUp(t *testing.T, holders int) {
	t.Helper()
	secret, err := f.firstToken()
	if errors.Is(err, fs.ErrNotExist) {
		code, out := run(t, "token", "create", "--data", f.path, "--user", "1", "--description", "another", "--token-file", f.tokenFile())
		if code != 0 {
			t.Fatalf("pats token create: exit code %d\n%s", code, out)
		}
		secret, err = f.firstToken()
	}
	if err != nil {
		t.Fatal(err)
	}
	f.offline(t, func(service *pat.Service) {
		f.ledger.admin = &holder{name: "admin", user: 1, anchor: secret}
		f.adopt(t, service)
		for i := range holders {
			f.ledger.holders = append(f.ledger.holders, newHolder(t, service, fmt.Sprintf("holder-%d", i)))
		}
	})
}

// adopt writes the tokens of the first user into the ledger.
func (f *folder) adopt(t *testing.T, service *pat.Service) {
	t.Helper()
	tokens, err := service.UserTokens(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, made := range tokens {
		secret := pat.Secret{}
		if made.Selector == f.ledger.admin.anchor.Selector() {
			secret = f.ledger.admin.anchor
		}
		f.ledger.admin.keep(made.Description, int64(made.ID), secret)
	}
}

func newHolder(t *testing.T, service *pat.Service, name string) *holder {
	t.Helper()
	account, err := service.CreateUser(t.Context(), pat.Profile{Username: name, Role: pat.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{name: name, user: int64(account.ID)}
	id, secret := issue(t, service, account.ID, "anchor")
	h.anchor = secret
	h.keep("anchor", id, secret)
	return h
}

func issue(t *testing.T, service *pat.Service, user pat.UserID, description string) (int64, pat.Secret) {
	t.Helper()
	made, secret, err := service.CreateUserToken(t.Context(), user, pat.Draft{Description: description, ExpiresAt: time.Now().Add(lifetimeOfTokens)})
	if err != nil {
		t.Fatal(err)
	}
	return int64(made.ID), secret
}

// give gives one of the members that have none a token.
func (f *folder) give(t *testing.T) {
	t.Helper()
	for _, m := range f.ledger.members.present() {
		if m.gift == (pat.Secret{}) {
			f.offline(t, func(service *pat.Service) { _, m.gift = issue(t, service, pat.UserID(m.id), "gift") })
			return
		}
	}
}

// inspect has the program check the data file, which need not be there yet if fresh says so, and looks at the modes.
func (f *folder) inspect(t *testing.T, fresh bool) []finding {
	t.Helper()
	var findings []finding
	if _, err := os.Stat(f.dataFile()); !fresh || !errors.Is(err, fs.ErrNotExist) {
		if code, out := run(t, "check", "--data", f.path); code != 0 {
			findings = append(findings, finding{damaged, fmt.Sprintf("pats check: exit code %d\n%s", code, out)})
		}
	}
	return append(findings, f.modes(t)...)
}

func (f *folder) modes(t *testing.T) []finding {
	t.Helper()
	var findings []finding
	err := filepath.WalkDir(f.path, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if info.Mode() != want {
			findings = append(findings, finding{damaged, fmt.Sprintf("%s has mode %v, want %v", path, info.Mode(), want)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// leftovers are files with tokens in them other than the token file.
func (f *folder) leftovers(t *testing.T) []finding {
	t.Helper()
	entries, err := os.ReadDir(f.path)
	if err != nil {
		t.Fatal(err)
	}
	var findings []finding
	for _, entry := range entries {
		if name := entry.Name(); name != tokenName && strings.Contains(name, tokenName) {
			findings = append(findings, finding{half, name + " was left"})
		}
	}
	return findings
}

// audit holds the ledger against a server, and notes what has become of requests without an answer.
func (f *folder) audit(t *testing.T, s *server) []finding {
	t.Helper()
	c := newClient(s)
	defer c.close()
	a := &audit{ledger: &f.ledger, state: remote{c, f.ledger.admin.anchor}, at: afterAll}
	if err := a.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, s.log.String())
	}
	a.settle()
	return a.findings
}

// change has all workers work until there are so many answers.
func (f *folder) change(t *testing.T, s *server, c *client, seed uint64, answers int64) {
	t.Helper()
	defer c.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var answered atomic.Int64
	errs := load(ctx, &f.ledger, c, seed, func() {
		if answered.Add(1) == answers {
			cancel()
		}
	})
	if err := errors.Join(errs...); err != nil || answered.Load() < answers {
		t.Fatalf("seed %d: %d answers: %v\n%s", seed, answered.Load(), err, s.log.String())
	}
}
