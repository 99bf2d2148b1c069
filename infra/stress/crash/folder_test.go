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

	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// folder is a data folder with its history.
type folder struct {
	path    string
	history history
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	return folderIn(t.TempDir())
}

func folderIn(parent string) *folder {
	return &folder{path: filepath.Join(parent, "data")}
}

func (f *folder) dataFile() string  { return filepath.Join(f.path, dataName) }
func (f *folder) tokenFile() string { return filepath.Join(f.path, tokenName) }

// offline changes the data file while no server runs.
func (f *folder) offline(t *testing.T, work func(*pat.Service)) {
	t.Helper()
	store, err := boltstore.Open(f.dataFile())
	must.Do(t, err)
	defer func() { _ = store.Close() }()
	work(pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(slog.New(slog.DiscardHandler))))
}

// firstToken returns the token in the token file. Errors: fs.ErrNotExist; the file does not contain a whole token.
func (f *folder) firstToken() (pat.Secret, error) {
	text, err := os.ReadFile(f.tokenFile())
	if err != nil {
		return pat.Secret{}, err
	}
	return pat.ParseSecret(strings.TrimSpace(string(text)))
}

// setUp begins the history of a folder that has been served at least once, with the first user, the given number of holders and a
// service account. If a kill came before the token file was written, it creates a token as the ready line advises.
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
	must.Do(t, err)
	f.offline(t, func(service *pat.Service) {
		f.history.admin = &holder{name: "admin", user: 1, own: secret, admin: secret}
		f.addFirstUser(t, service)
		for i := range holders {
			f.history.holders = append(f.history.holders, newHolder(t, service, fmt.Sprintf("holder-%d", i), secret))
		}
		f.history.holders = append(f.history.holders, newServiceHolder(t, service, secret))
	})
}

// addFirstUser adds the first user's tokens to the history.
func (f *folder) addFirstUser(t *testing.T, service *pat.Service) {
	t.Helper()
	tokens, err := service.UserTokens(t.Context(), 1)
	must.Do(t, err)
	for _, created := range tokens {
		secret := pat.Secret{}
		if created.Selector == f.history.admin.own.Selector() {
			secret = f.history.admin.own
		}
		f.history.admin.add(created.Description, created.ID, secret)
	}
}

func newHolder(t *testing.T, service *pat.Service, name string, admin pat.Secret) *holder {
	t.Helper()
	account, err := service.CreateUser(t.Context(), pat.Profile{Username: name, Role: pat.Viewer})
	must.Do(t, err)
	h := &holder{name: name, user: account.ID, admin: admin}
	id, secret := issue(t, service, account.ID, "anchor")
	h.own = secret
	h.add("anchor", id, secret)
	return h
}

func newServiceHolder(t *testing.T, service *pat.Service, admin pat.Secret) *holder {
	t.Helper()
	account, err := service.CreateServiceAccount(t.Context(), pat.Profile{Username: "robot", Role: pat.Viewer})
	must.Do(t, err)
	return &holder{name: "robot", user: account.ID, own: admin, admin: admin, service: true}
}

func issue(t *testing.T, service *pat.Service, user pat.UserID, description string) (pat.TokenID, pat.Secret) {
	t.Helper()
	created, secret, err := service.CreateUserToken(t.Context(), user, pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(tokenLife)})
	must.Do(t, err)
	return created.ID, secret
}

// inspect runs `pats check` on the data file, which may be missing if fresh is true, and checks the modes of all files.
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
	must.Do(t, err)
	return findings
}

// leftovers returns a finding for each file with a token besides the token file.
func (f *folder) leftovers(t *testing.T) []finding {
	t.Helper()
	entries, err := os.ReadDir(f.path)
	must.Do(t, err)
	var findings []finding
	for _, entry := range entries {
		if name := entry.Name(); name != tokenName && strings.Contains(name, tokenName) {
			findings = append(findings, finding{inconsistent, name + " was not deleted"})
		}
	}
	return findings
}

// audit compares a server with the history, see [audit], and records there whether requests without a response took effect.
func (f *folder) audit(t *testing.T, s *service.Service, everything bool) []finding {
	t.Helper()
	c := newClient(t, s)
	a := &audit{history: &f.history, state: remote{c, f.history.admin.own}, at: afterAll, everything: everything}
	if err := a.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, s.Output())
	}
	a.settle()
	return a.findings
}

// change runs all workers until the given number of responses.
func (f *folder) change(t *testing.T, s *service.Service, c *client, seed uint64, responses int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var responded atomic.Int64
	errs := load(ctx, &f.history, c, seed, func() {
		if responded.Add(1) == responses {
			cancel()
		}
	})
	if err := errors.Join(errs...); err != nil || responded.Load() < responses {
		t.Fatalf("seed %d: %d responses: %v\n%s", seed, responded.Load(), err, s.Output())
	}
}
