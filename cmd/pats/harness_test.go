package main

import (
	"bytes"
	"context"
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

	"pats/pkg/pat/pattest"
)

// desk is a person at a terminal with a folder of their own.
type desk struct {
	folder string
	clock  *pattest.Clock
	env    map[string]string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{folder: t.TempDir(), clock: pattest.NewClock(), env: map[string]string{}}
}

// data is the folder of the data file, which is not there yet.
func (d *desk) data() string { return filepath.Join(d.folder, "data") }

func (d *desk) tokenPath() string { return filepath.Join(d.data(), "token") }

func (d *desk) world(stdout, stderr *output) world {
	return world{
		program: "pats",
		stdout:  stdout,
		stderr:  stderr,
		getenv:  func(name string) string { return d.env[name] },
		now:     d.clock.Now,
		build: func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"},
			}}, true
		},
	}
}

// result is what a command did.
type result struct {
	Code           int
	Stdout, Stderr string
}

// run runs a command on the data file in the desk's folder.
func (d *desk) run(t *testing.T, args ...string) result {
	t.Helper()
	return d.runBare(t, append(args, "--data", d.data())...)
}

// runBare runs a command exactly as it stands.
func (d *desk) runBare(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var stdout, stderr output
	code := run(ctx, args, d.world(&stdout, &stderr))
	return result{code, stdout.String(), stderr.String()}
}

// must runs a command that has to succeed, and gives its answer.
func (d *desk) must(t *testing.T, args ...string) string {
	t.Helper()
	got := d.run(t, args...)
	if got.Code != exitOK {
		t.Fatalf("pats %s: got exit code %d, want 0; stderr:\n%s", strings.Join(args, " "), got.Code, got.Stderr)
	}
	return got.Stdout
}

// tokenLike is a whole personal access token.
var tokenLike = regexp.MustCompile(`user:v2_[A-Za-z0-9_-]{66}`)

// wantText compares texts in which tokens are replaced by <token>.
func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if diff := cmp.Diff(want, tokenLike.ReplaceAllString(got, "<token>")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantCode(t *testing.T, got result, want int) {
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

// watchdog is when a test gives up waiting.
const watchdog = 30 * time.Second

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

// state is what was written, and a channel that is closed when there is more.
func (o *output) state() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.text.String(), o.changed
}

// await returns when the stream holds a match of pattern, with its groups, or fails the test if ended is closed before.
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

// served is a `pats serve` that runs in this process.
type served struct {
	stdout, stderr output
	url            string
	// stop is what a signal does.
	stop  context.CancelFunc
	ended chan struct{}
	code  int
}

// readyLine is the line with which the server says that it is ready.
const readyLine = `curl (http://127\.0\.0\.1:\d+)/api/admin/user/tokens -H "Authorization: \$\(cat (.+)\)"\n`

// serve starts `pats serve` on a free port and waits until it is ready. It is stopped at the end of the test at the latest.
func (d *desk) serve(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &served{stop: stop, ended: make(chan struct{})}
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--data", d.data()}, args...)
	go func() {
		defer close(s.ended)
		s.code = run(ctx, args, d.world(&s.stdout, &s.stderr))
	}()
	t.Cleanup(func() { s.end(t) })
	s.url = s.stdout.await(t, readyLine, s.ended)[1]
	return s
}

// end stops the server and gives its exit code.
func (s *served) end(t *testing.T) int {
	t.Helper()
	s.stop()
	select {
	case <-s.ended:
	case <-time.After(watchdog):
		t.Fatalf("the server does not stop; stderr:\n%s", s.stderr.String())
	}
	return s.code
}

// call makes a request with token and gives status and body.
func (s *served) call(t *testing.T, method, path, token string) (int, string) {
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
