//go:build unix

package boltstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The test's program runs again as a child, to be killed, or to run under limits that would affect the test too.
const (
	childEnv = "BOLTSTORE_TEST_CHILD"
	pathEnv  = "BOLTSTORE_TEST_PATH"
)

var children = map[string]func(path string) error{"writes": childWrites, "meets a limit": childMeetsLimit}

func TestMain(m *testing.M) {
	child, isChild := children[os.Getenv(childEnv)]
	if !isChild {
		m.Run()
		return
	}
	if err := child(os.Getenv(pathEnv)); err != nil {
		fmt.Println("error:", err)
	}
}

// startChild returns the child and the lines that it prints.
func startChild(t *testing.T, name, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatalf("Executable: %v", err)
	}
	child := exec.CommandContext(t.Context(), program)
	child.Env = append(os.Environ(), childEnv+"="+name, pathEnv+"="+path)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatalf("StdoutPipe: %v", err)
	}
	if err := child.Start(); err != nil {
		t.Fatalf("Start: %v", err)
	}
	return child, bufio.NewScanner(output)
}

// childWrites creates users with a scoped token, the first of which raises the file's format, until it is killed. It prints what it
// is about to do, and the name of each user that is stored.
func childWrites(path string) error {
	fmt.Println("opening")
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("user-%d", i)
		before, err := store.CreateAccount(context.Background(), draftOf(name))
		if err != nil {
			return err
		}
		after := before
		after.Tokens, after.NextTokenID = []pat.Token{{ID: 1}}, 2 // the zero Scopes permit nothing
		if err := store.ReplaceAccount(context.Background(), before, after); err != nil {
			return err
		}
		fmt.Println(name)
	}
}

func draftOf(name string) pat.Account {
	return pat.Account{Profile: pattest.Profile(name, pat.Viewer), CreatedAt: pattest.Start, NextTokenID: 1}
}

// TestKilledAtAnyMoment kills a process that creates the data file and then keeps changing it. Every change that was acknowledged is
// there afterwards, and the file is sound.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{1, 1, 1, 1, 2, 3, 10, 40, 41, 100} {
		path := dataFile(t)
		kept := killAfter(t, path, lines)
		names := map[string]bool{}
		store := open(t, path)
		for _, account := range mustReadAll(t, store) {
			names[account.Username] = true
			if slices.Contains(kept, account.Username) && (len(account.Tokens) != 1 || account.Tokens[0].Scopes.Unscoped()) {
				t.Errorf("killed after %d lines: %s has the tokens %+v, want one without scopes", lines, account.Username, account.Tokens)
			}
		}
		for _, name := range kept {
			if !names[name] {
				t.Errorf("killed after %d lines: %s is lost", lines, name)
			}
		}
		if len(names) > len(kept)+1 {
			t.Errorf("killed after %d lines: got %d users, want at most one above %d", lines, len(names), len(kept))
		}
	}
}

// killAfter kills the child after this number of lines, and returns the names in all lines that it printed.
func killAfter(t *testing.T, path string, lines int) []string {
	t.Helper()
	child, output := startChild(t, "writes", path)
	var kept []string
	for n := 1; output.Scan(); n++ {
		if output.Text() != "opening" {
			kept = append(kept, output.Text())
		}
		if n == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatalf("Kill: %v", err)
			}
		}
	}
	if err := child.Wait(); err == nil || strings.Contains(strings.Join(kept, " "), "error") {
		t.Fatalf("the child ended by itself: %q", kept)
	}
	return kept
}

func TestAnotherProcessHoldsTheFile(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	child, output := startChild(t, "writes", path)
	for range 2 {
		output.Scan()
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for output.Scan() { // or the child would block
			continue
		}
	}()
	_, err := boltstore.Open(path)
	if locked, ok := errors.AsType[*boltstore.LockedError](err); !ok || locked.PID != child.Process.Pid {
		t.Errorf("got %v, want a *LockedError with process %d", err, child.Process.Pid)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatalf("Kill: %v", err)
	}
	<-drained
	_ = child.Wait()
	open(t, path)
}

// childMeetsLimit fills the file up to a size limit, where writes fail as on a full disk, and then lifts the limit.
func childMeetsLimit(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	store, err := boltstore.Open(path)
	if err != nil {
		return err
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 17, Max: before.Max}); err != nil {
		return err
	}
	made, err := makeUntilFailure(store, 0)
	fmt.Println("made", made, "kind", int(pat.KindOf(err)))
	_, err = makeUntilFailure(store, made)
	fmt.Println("once more kind", int(pat.KindOf(err)))
	accounts, err := store.Accounts(context.Background(), 0, 1<<20)
	fmt.Println("listed", len(accounts), err)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		return err
	}
	_, err = store.CreateAccount(context.Background(), draftOf("at-last"))
	fmt.Println("at last", err)
	return store.Close()
}

func makeUntilFailure(store *boltstore.Store, made int) (int, error) {
	for {
		draft := draftOf(fmt.Sprintf("user-%d", made))
		draft.Name = strings.Repeat("x", 4096)
		if _, err := store.CreateAccount(context.Background(), draft); err != nil {
			return made, err
		}
		made++
	}
}

func TestFullDiskIsUnavailableAndLosesNothing(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	child, output := startChild(t, "meets a limit", path)
	var lines []string
	for output.Scan() {
		lines = append(lines, output.Text())
	}
	if err := child.Wait(); err != nil {
		t.Fatalf("the child failed: %v %q", err, lines)
	}
	var made, kind int
	if n, err := fmt.Sscanf(strings.Join(lines, "\n"), "made %d kind %d", &made, &kind); n != 2 || made == 0 {
		t.Fatalf("the child says %q: %v", lines, err)
	}
	want := fmt.Sprintf("made %d kind %d\nonce more kind %d\nlisted %d <nil>\nat last <nil>",
		made, pat.KindUnavailable, pat.KindUnavailable, made)
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("the child says\n%s\nwant\n%s", got, want)
	}
	if got := len(mustReadAll(t, open(t, path))); got != made+1 {
		t.Errorf("got %d users, want %d", got, made+1)
	}
}
