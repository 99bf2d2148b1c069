package keycloak_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
)

// pats is the command of a colleague, with a folder for its files.
type pats struct {
	binary, home, stack string
}

func newPats(t *testing.T, stack string) pats {
	t.Helper()
	binary, err := binaries.BuildProgram(t.Context(), root, "./cmd/pats", t.TempDir())
	must.Do(t, err)
	return pats{binary, t.TempDir(), stack}
}

func (c pats) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.binary, args...)
	command.Env = append(os.Environ(), "XDG_CONFIG_HOME="+c.home, "PATS_URL="+c.stack, "PATS_TOKEN=", "PATH="+c.home) // no browser is there
	return command
}

var consentAddress = regexp.MustCompile(`http\S+/ui/cli\?\S+`)

// logIn logs the command in, as a user in the browser p approves, and lists the tokens with it.
func (c pats) logIn(t *testing.T, p person, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	login := c.command(ctx, "login", "--expires", "12h")
	stderr := &watched{found: make(chan string, 1)}
	login.Stderr = stderr
	must.Do(t, login.Start())
	select {
	case address := <-stderr.found:
		p.approve(t, address)
	case <-ctx.Done():
		t.Fatalf("pats login printed no address:\n%s", stderr)
	}
	must.Do(t, login.Wait())
	list, err := c.command(ctx, "token", "list").Output()
	if err != nil || !strings.Contains(string(list), "pats login on ") {
		t.Errorf("%s: pats token list: got error %v and\n%s\nwant the token of the login", name, err, list)
	}
	if files, err := filepath.Glob(filepath.Join(c.home, "pats/tokens/*.token")); err != nil || len(files) != 1 {
		t.Errorf("%s: got the files %v and error %v, want one", name, files, err)
	}
	must.Do(t, c.command(ctx, "logout").Run())
}

// approve does what the page for consent at address does once its user clicks Approve.
func (p person) approve(t *testing.T, address string) {
	t.Helper()
	page, err := url.Parse(address)
	must.Do(t, err)
	status, body := p.do(t, http.MethodGet, "/ui/cli/request?"+page.RawQuery, "")
	var shown apitypes.LoginRequest
	if err := json.Unmarshal([]byte(body), &shown); err != nil || status != http.StatusOK {
		t.Fatalf("the page for consent: got status %d with %s, want 200", status, body)
	}
	consent, err := json.Marshal(apitypes.ConfirmLogin{Request: shown.Request})
	must.Do(t, err)
	status, body = p.do(t, http.MethodPost, "/ui/cli/request", string(consent))
	var confirmed apitypes.ConfirmedLogin
	if err := json.Unmarshal([]byte(body), &confirmed); err != nil || status != http.StatusOK {
		t.Fatalf("the approval: got status %d with %s, want 200", status, body)
	}
	if status, body = p.send(t, http.MethodGet, confirmed.Location, "", nil); status != http.StatusOK {
		t.Errorf("the command: got status %d with %s, want 200", status, body)
	}
}

// watched keeps what a command prints, and delivers the address of the page for consent once it is there.
type watched struct {
	mu    sync.Mutex
	text  strings.Builder
	found chan string
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if address := consentAddress.FindString(w.text.String()); address != "" && strings.HasSuffix(w.text.String(), "\n") {
		select {
		case w.found <- address:
		default: // it has been delivered
		}
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
