package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pats/cmd/pats/failure"
	"pats/pkg/pat"
)

func TestTokenRotate(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	sh.must(t, "token", "create", "--user", "1", "--description", "ci")
	got := sh.run(t, "token", "rotate", "1", "--user", "1", "--overlap", "24h")
	wantText(t, "rotate", got.Stdout, `
Id           1
Description  ci
Expires      2026-04-02T03:04:05Z
Token        <token>
`)
	wantText(t, "note", got.Stderr, "Keep the token: it cannot be shown again. The old token works until 2026-01-03T03:04:05Z.\n")
	got = sh.run(t, "token", "rotate", "1", "--user", "1", "--overlap", "0s", "--expires", "12h", "--output", "json")
	wantText(t, "rotate at once, in JSON", got.Stdout, `
{
  "id": 1,
  "description": "ci",
  "expiresAt": "2026-01-02T15:04:05.678Z",
  "userId": 1,
  "createdAt": "2026-01-02T03:04:05.678Z",
  "seenAt": null,
  "rotatedAt": "2026-01-02T03:04:05.678Z",
  "overlapEndsAt": "2026-01-02T03:04:05.678Z",
  "secret": "<token>"
}
`)
	wantText(t, "note", got.Stderr, "Keep the token: it cannot be shown again. The old token is invalid.\n")
}

func TestTokenRotateIntoAFile(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada")
	path := filepath.Join(sh.folder, "ci.token")
	sh.must(t, "token", "create", "--user", "1", "--description", "ci", "--token-file", path)
	old := readFile(t, path)
	got := sh.run(t, "token", "rotate", "1", "--user", "1", "--token-file", path)
	wantText(t, "stderr", got.Stderr, "The new token is in "+path+". The old token works until 2026-01-02T03:09:05Z.\n")
	if strings.Contains(got.Stdout, "_") {
		t.Errorf("got %s, want no token in the output", got.Stdout)
	}
	wantText(t, "file", readFile(t, path), "<token>\n")
	wantMode(t, path, 0o600)
	if readFile(t, path) == old {
		t.Error("the file has the old token")
	}
	wantFiles(t, sh.folder, "ci.token", "data")
}

// TestTokenRotatesItselfThroughAServer: the file with the token presented then has the new one, and the old one works for the overlap.
func TestTokenRotatesItselfThroughAServer(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	old := strings.TrimSpace(readFile(t, sh.tokenPath()))
	remote := []string{"token", "rotate", "--url", server.url, "--token-file", sh.tokenPath()}
	got := sh.runBare(t, remote...)
	wantCode(t, got, failure.OK)
	renewed := strings.TrimSpace(readFile(t, sh.tokenPath()))
	if renewed == old || strings.Contains(got.Stdout+got.Stderr, renewed) {
		t.Error("the file has the old token, or the output has the new one")
	}
	for what, c := range map[string]struct {
		token   string
		advance time.Duration
		want    int
	}{"new": {renewed, 0, http.StatusOK}, "old": {old, 0, http.StatusOK}} {
		if status, body := server.request(t, http.MethodGet, tokensPath, c.token); status != c.want {
			t.Errorf("the %s token: got %d %s, want %d", what, status, body, c.want)
		}
	}
	sh.clock.Advance(pat.DefaultOverlap)
	if status, body := server.request(t, http.MethodGet, tokensPath, old); status != http.StatusUnauthorized {
		t.Errorf("the old token after the overlap: got %d %s, want 401", status, body)
	}
}

// TestRotationWithADaysOverlapRefusesNobody: while a CI token is rotated, a job that read it before and one that reads the file for each
// request are never refused; the first one is once the day is over.
func TestRotationWithADaysOverlapRefusesNobody(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	path := filepath.Join(sh.folder, "ci.token")
	old := sh.createCIToken(t, server, path)
	read := func() string { return strings.TrimSpace(readFile(t, path)) }
	request := func(token string) int {
		status, _ := server.request(t, http.MethodGet, tokensPath, token)
		return status
	}

	var rotation result
	rotated := make(chan struct{})
	go func() {
		defer close(rotated)
		rotation = sh.runBare(t, "token", "rotate", "--url", server.url, "--token-file", path, "--overlap", "24h")
	}()
	for left := 10; left > 0; { // requests of each job after the rotation
		for job, token := range map[string]string{"job with the old token": old, "job with the file's token": read()} {
			if got := request(token); got != http.StatusOK {
				t.Fatalf("a %s: got %d, want 200", job, got)
			}
		}
		select {
		case <-rotated:
			left--
		default:
		}
	}
	wantCode(t, rotation, failure.OK)
	renewed := read()
	if renewed == old {
		t.Fatal("the file has the old token, want the new one")
	}
	for _, c := range []struct {
		advance  time.Duration
		old, new int
	}{{24*time.Hour - time.Minute, 200, 200}, {time.Minute, 401, 200}} {
		sh.clock.Advance(c.advance)
		if gotOld, gotNew := request(old), request(renewed); gotOld != c.old || gotNew != c.new {
			t.Errorf("%v later: got %d with the old token and %d with the new one, want %d and %d", c.advance, gotOld, gotNew, c.old, c.new)
		}
	}
}

// createCIToken creates a token through the server, writes it to the file at path, and returns it.
func (sh *shell) createCIToken(t *testing.T, server *served, path string) string {
	t.Helper()
	created := sh.runBare(t, "token", "create", "--url", server.url, "--token-file", sh.tokenPath(), "--description", "ci", "--output", "json")
	wantCode(t, created, failure.OK)
	token := tokenLike.FindString(created.Stdout)
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return token
}

// TestInterruptedRotationIsRunAgain: a run that ended after the server had rotated the token, and before the file was replaced, leaves
// the old token in the file, and the next run gets the same new one.
func TestInterruptedRotationIsRunAgain(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	path := filepath.Join(sh.folder, "ci.token")
	if err := os.WriteFile(path, []byte(readFile(t, sh.tokenPath())), 0o600); err != nil {
		t.Fatal(err)
	}
	remote := []string{"token", "rotate", "--url", server.url}
	lost := sh.runBare(t, append(remote, "--token-file", path)...)
	wantCode(t, lost, failure.OK)
	again := sh.runBare(t, append(remote, "--token-file", sh.tokenPath())...)
	wantCode(t, again, failure.OK)
	if readFile(t, path) != readFile(t, sh.tokenPath()) {
		t.Error("the second run got another token")
	}
	if other := sh.runBare(t, append(remote, "--token-file", path, "--overlap", "1h")...); other.Code != failure.OK || readFile(t, path) == readFile(t, sh.tokenPath()) {
		t.Errorf("a rotation of the new token: got code %d and stderr %s, want another token", other.Code, other.Stderr)
	}
}

// TestInterruptedRotationWithARelativeEndIsRunAgain: the next run asks for the end of the first one, though its own would be later.
func TestInterruptedRotationWithARelativeEndIsRunAgain(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]time.Duration{"at once": time.Millisecond, "at the end of the overlap": 24*time.Hour - time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			server := sh.serve(t)
			path := filepath.Join(sh.folder, "ci.token")
			old := sh.createCIToken(t, server, path)
			rotate := []string{"token", "rotate", "--url", server.url, "--token-file", path, "--overlap", "24h", "--expires", "90d"}
			first := sh.runBare(t, rotate...)
			wantCode(t, first, failure.OK)
			renewed := readFile(t, path)
			if err := os.WriteFile(path, []byte(old+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			sh.clock.Advance(later)
			again := sh.runBare(t, rotate...)
			wantCode(t, again, failure.OK)
			if readFile(t, path) != renewed || again.Stdout != first.Stdout {
				t.Errorf("got another token or output:\n%s\nwant that of the first run:\n%s", again.Stdout, first.Stdout)
			}
			wantContains(t, "output", again.Stdout, "Expires      2026-04-02T03:04:00Z")
		})
	}
}

// TestRotationThatCannotBeWritten leaves the old token in the file, and says how to go on.
func TestRotationThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	var stderr output
	args := []string{"token", "rotate", "1", "--user", "1", "--data", sh.data()}
	if code := run(t.Context(), args, sh.env(fullDisk{}, &stderr)); code != failure.Failed {
		t.Errorf("got exit code %d, want %d", code, failure.Failed)
	}
	wantContains(t, "stderr", stderr.String(), "token 1 was rotated, but the new token could not be delivered: disk is full",
		"The old token works until 2026-01-02T03:09:05Z. Rotate it again, which ends the old token at once.")
}

// TestUnwritableFileRotatesNothing: the file is opened before the token is rotated.
func TestUnwritableFileRotatesNothing(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	path := filepath.Join(sh.folder, "folder")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	got := sh.run(t, "token", "rotate", "1", "--user", "1", "--token-file", path)
	wantCode(t, got, failure.Failed)
	if list := sh.must(t, "token", "list", "--user", "1", "--output", "json"); strings.Contains(list, "rotatedAt") {
		t.Errorf("the token was rotated:\n%s", list)
	}
}

func TestRotateCommandLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args string
		code failure.Code
		want string
	}{
		"no id":                     {"token rotate --user 1", failure.Usage, "the id of a token is needed"},
		"no user":                   {"token rotate 1", failure.Usage, "--user ID is needed"},
		"an unknown id":             {"token rotate 99 --user 1", failure.NotFound, "User 1 has no token 99."},
		"an unknown user":           {"token rotate 1 --user 99", failure.NotFound, "No user found"},
		"a negative overlap":        {"token rotate 1 --user 1 --overlap=-1s", failure.Usage, "The overlap must be from 0 to 604800 seconds."},
		"too long an overlap":       {"token rotate 1 --user 1 --overlap 169h", failure.Usage, "The overlap must be from 0 to 604800 seconds."},
		"an overlap without a unit": {"token rotate 1 --user 1 --overlap 300", failure.Usage, "--overlap"},
		"an expiry in the past":     {"token rotate 1 --user 1 --expires 2020-01-01T00:00:00Z", failure.Usage, "in future"},
		"itself, without overlap":   {"token rotate --url http://127.0.0.1:1 --overlap 0s", failure.Usage, "needs an --overlap"},
		"a prefix for a server":     {"token rotate --url http://127.0.0.1:1 --token-prefix pats_", failure.Usage, "--token-prefix is for a store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			sh.vars["PATS_TOKEN"] = token1
			args := strings.Fields(c.args)
			var stderr output
			if !strings.Contains(c.args, "--url") {
				args = append(args, "--data", sh.data())
			}
			if code := run(t.Context(), args, sh.env(io.Discard, &stderr)); code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			wantContains(t, "stderr", stderr.String(), c.want)
		})
	}
}
