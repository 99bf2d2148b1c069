package leaks_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/must"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

var plantedRuns = map[string]struct {
	plant func(t *testing.T, folder, token string)
	want  string
}{
	"nothing": {func(*testing.T, string, string) {}, `hits=0 modes=0\n$`},
	"a log line": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "dump/log-12", 0o600, "msg=refused token="+token)
		},
		`LEAK .*/dump/log-12: at byte \d+, plain: .*hits=2 modes=0\n$`,
	},
	"the output of a command": {
		func(t *testing.T, folder, token string) { write(t, folder, "dump/stdout-12", 0o600, "Token  "+token) },
		`LEAK .*/dump/stdout-12: .*hits=2 modes=0\n$`,
	},
	"the output of a command that issues a secret": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "dump/stdout-token-12", 0o600, "Token  "+token)
		},
		`allowed: 2 in .*hits=0 modes=0\n$`,
	},
	"a data file": {
		func(t *testing.T, folder, token string) {
			dataFile(t, filepath.Join(folder, "kept/1-1/pats.db"), token)
		},
		`LEAK .*/pats.db: at byte \d+, plain: .*hits=2 modes=0\n$`,
	},
	"a data file without secrets": {
		func(t *testing.T, folder, _ string) { dataFile(t, filepath.Join(folder, "kept/1-1/pats.db"), "ci") },
		`hits=0 modes=0\n$`,
	},
	"a data file that others can read": {
		func(t *testing.T, folder, _ string) {
			chmod(t, dataFile(t, filepath.Join(folder, "kept/1-1/pats.db"), "ci"), 0o640)
		},
		`MODE .*/pats.db: -rw-r-----, want -rw-------\n.*hits=0 modes=1\n$`,
	},
	"a token file": {
		func(t *testing.T, folder, token string) { write(t, folder, "kept/1-1/token", 0o600, token+"\n") },
		`allowed: 2 in a token file.*hits=0 modes=0\n$`,
	},
	"a token file, pats_": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "kept/1-1/token", 0o600, pattest.InPats(token)+"\n")
		},
		`allowed: 2 in a token file.*hits=0 modes=0\n$`,
	},
	"a token file that others can read, pats_": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "kept/1-1/token", 0o644, pattest.InPats(token)+"\n")
		},
		`MODE .*/token: .*hits=0 modes=1\n$`,
	},
	"a log line, pats_": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "dump/log-12", 0o600, "msg=refused token="+pattest.InPats(token))
		},
		`LEAK .*/dump/log-12: at byte \d+, plain: .*hits=2 modes=0\n$`,
	},
	"a token file that others can read": {
		func(t *testing.T, folder, token string) { write(t, folder, "kept/1-1/token", 0o644, token+"\n") },
		`MODE .*/token: .*hits=0 modes=1\n$`,
	},
	"the draft of a token file, left by a crash": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "kept/1-1/.token-12.draft", 0o600, token+"\n")
		},
		`allowed: 2 in a token file.*hits=0 modes=0\n$`,
	},
	"a list of leaked tokens": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "kept/1-1/TestRevokeFromFilelines12/001/ci", 0o600, token+"\nand more")
		},
		`allowed: 2 in a list of leaked tokens.*hits=0 modes=0\n$`,
	},
	"a token file with more in it": {
		func(t *testing.T, folder, token string) {
			write(t, folder, "kept/1-1/token", 0o600, token+"\nand more")
		},
		`LEAK .*/token: .*hits=2 modes=0\n$`,
	},
	"a token file of another name": {
		func(t *testing.T, folder, token string) { write(t, folder, "kept/1-1/ready", 0o600, token+"\n") },
		`LEAK .*/ready: .*hits=2 modes=0\n$`,
	},
}

// TestRun plants a leak in each place that a run gathers, and the allowed case beside it.
func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range plantedRuns {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := newToken(t)
			folder := newRun(t, token, newAdminToken(t))
			c.plant(t, folder, token)
			var out strings.Builder
			ok, err := leaks.Run(&out, folder)
			must.Do(t, err)
			text := out.String()
			if !regexp.MustCompile(`(?s)` + c.want).MatchString(text) {
				t.Errorf("got\n%s\nwant a match of %s", text, c.want)
			}
			if want := strings.Contains(text, "hits=0 modes=0"); ok != want {
				t.Errorf("got %v, want %v", ok, want)
			}
		})
	}
}

func TestOtherPathsAreSearched(t *testing.T) {
	t.Parallel()
	token := newToken(t)
	other := write(t, t.TempDir(), "test.log", 0o600, "--- FAIL: got "+token)
	var out strings.Builder
	if ok, err := leaks.Run(&out, newRun(t, token), other); ok || err != nil {
		t.Errorf("got %v and %v, want the leak in the other file found:\n%s", ok, err, out.String())
	}
}

// TestUninstrumentedRunIsAnError: a run that registered no secret proves nothing.
func TestUninstrumentedRunIsAnError(t *testing.T) {
	t.Parallel()
	if ok, err := leaks.Run(new(strings.Builder), newRun(t)); ok || err == nil {
		t.Errorf("got %v and no error, want one", ok)
	}
}

func TestMissingPathIsAnError(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "verify.log")
	if ok, err := leaks.Run(new(strings.Builder), newRun(t, newToken(t)), missing); ok || err == nil {
		t.Errorf("got %v and no error, want one", ok)
	}
}

// dataFile creates a data file with a user of the given name.
func dataFile(t *testing.T, path, name string) string {
	t.Helper()
	must.Do(t, os.MkdirAll(filepath.Dir(path), 0o700))
	store, err := boltstore.Open(path)
	must.Do(t, err)
	profile := pat.Profile{Username: "ada", Name: name, Role: pat.Admin}
	_, err = store.CreateAccount(context.WithoutCancel(t.Context()), pat.Account{Profile: profile, CreatedAt: time.Now(), NextTokenID: 1})
	must.Do(t, err)
	must.Do(t, store.Close())
	return path
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	must.Do(t, os.Chmod(path, mode))
}
