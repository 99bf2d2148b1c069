package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/cmd/pats/failure"
	"pats/pkg/pat/pattest"
)

// shell runs commands in a folder, with a clock and environment variables.
type shell struct {
	folder string
	clock  *pattest.Clock
	vars   map[string]string
	// stdin is what the user types, and browser what opens addresses.
	stdin   string
	browser func(address string) error
	// browsing are the browsers that are open.
	browsing sync.WaitGroup
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{folder: t.TempDir(), clock: pattest.NewClock(), vars: map[string]string{}, browser: noBrowser}
}

func noBrowser(string) error { return errors.New("no browser in this test") }

// data returns the folder of the data file, which does not exist at first.
func (sh *shell) data() string { return filepath.Join(sh.folder, "data") }

// config returns the folder of the user's configuration files.
func (sh *shell) config() string { return filepath.Join(sh.folder, "config") }

func (sh *shell) tokenPath() string { return filepath.Join(sh.data(), "token") }

func (sh *shell) env(stdout, stderr io.Writer) env {
	return env{
		program: "pats",
		stdin:   strings.NewReader(sh.stdin),
		stdout:  stdout,
		stderr:  stderr,
		getenv:  func(name string) string { return sh.vars[name] },
		now:     sh.clock.Now,

		configFolder: func() (string, error) { return sh.config(), nil },
		hostname:     func() (string, error) { return "ada-laptop", nil },
		openBrowser: func(address string) error {
			sh.browsing.Add(1)
			defer sh.browsing.Done()
			return sh.browser(address)
		},
		build: func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
			}}, true
		},
	}
}

// result is the outcome of a command.
type result struct {
	Code           failure.Code
	Stdout, Stderr string
}

// run runs a command on the data file in the shell's folder.
func (sh *shell) run(t *testing.T, args ...string) result {
	t.Helper()
	return sh.runBare(t, append(args, "--data", sh.data())...)
}

// runBare runs a command without adding flags.
func (sh *shell) runBare(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var stdout, stderr output
	code := run(ctx, args, sh.env(&stdout, &stderr))
	sh.browsing.Wait() // the browser may still read what the command's listener sent
	return result{code, stdout.String(), stderr.String()}
}

// must runs a command that must succeed, and returns what it printed.
func (sh *shell) must(t *testing.T, args ...string) string {
	t.Helper()
	got := sh.run(t, args...)
	if got.Code != failure.OK {
		t.Fatalf("pats %s: got exit code %d, want 0; stderr:\n%s", strings.Join(args, " "), got.Code, got.Stderr)
	}
	return got.Stdout
}

// tokenLike is a whole personal access token.
var tokenLike = regexp.MustCompile(`(user:v2|pats)_[A-Za-z0-9_-]{66}`)

// wantText compares texts. Tokens in got are written <token>.
func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if diff := cmp.Diff(want, tokenLike.ReplaceAllString(got, "<token>")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantCode(t *testing.T, got result, want failure.Code) {
	t.Helper()
	if got.Code != want {
		t.Errorf("got exit code %d, want %d; stderr:\n%s", got.Code, want, got.Stderr)
	}
}

func wantContains(t *testing.T, what, got string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(got, part) {
			t.Errorf("%s: got\n%s\nwant %q in it", what, got, part)
		}
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s: got mode %v, want %v", path, info.Mode(), want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// watchdog bounds how long a test waits.
const watchdog = time.Minute

// output is a stream that a test can wait for. Its zero value is empty.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	text, _ := o.state()
	return text
}

// state returns what was written, and a channel that is closed when more is.
func (o *output) state() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.text.String(), o.changed
}

// await waits for a match of pattern and returns its groups. It fails the test if ended is closed before.
func (o *output) await(t *testing.T, pattern string, ended <-chan struct{}) []string {
	t.Helper()
	expression := regexp.MustCompile(pattern)
	timeout := time.After(watchdog)
	for {
		text, changed := o.state()
		if match := expression.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-changed:
		case <-ended:
			if match := expression.FindStringSubmatch(o.String()); match != nil {
				return match
			}
			t.Fatalf("the command ended without %q; it wrote\n%s", pattern, o.String())
		case <-timeout:
			t.Fatalf("no %q came; got\n%s", pattern, text)
		}
	}
}

// served is a `pats serve` in this process.
type served struct {
	stdout, stderr output
	url            string
	// stop has the effect of a signal.
	stop  context.CancelFunc
	ended chan struct{}
	code  failure.Code
}

// readyLine matches the line that the server prints when it is ready.
const readyLine = `curl (http://127\.0\.0\.1:\d+)/api/admin/user/tokens -H "Authorization: \$\(cat (.+)\)"\n`

// serve starts `pats serve` on a free port and waits until it is ready. The end of the test stops it.
func (sh *shell) serve(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &served{stop: stop, ended: make(chan struct{})}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--data", sh.data()}, args...)
	go func() {
		defer close(s.ended)
		s.code = run(ctx, args, sh.env(&s.stdout, &s.stderr))
	}()
	t.Cleanup(func() { s.end(t) })
	s.url = s.stdout.await(t, readyLine, s.ended)[1]
	return s
}

// end stops the server and returns its exit code.
func (s *served) end(t *testing.T) failure.Code {
	t.Helper()
	s.stop()
	select {
	case <-s.ended:
	case <-time.After(watchdog):
		t.Fatalf("the server did not stop; stderr:\n%s", s.stderr.String())
	}
	return s.code
}

// request sends a request with token and returns status and body.
func (s *served) request(t *testing.T, method, path, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", token)
	return do(t, request)
}

func do(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	client := http.Client{Timeout: watchdog, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body.String()
}
