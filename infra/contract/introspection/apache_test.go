package introspection_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// modules is where Debian installs Apache's modules.
const modules = "/usr/lib/apache2/modules"

// apacheConfig takes the folder, the address, the folder of the modules, the issuer, and the ID and the secret of the caller. Requests
// reach the file only with an active token, and the response names its user. Debian's build has no regular expressions, with which one
// of several scopes can be required.
const apacheConfig = `ServerRoot %[1]s
ServerName localhost
Listen %[2]s
PidFile %[1]s/pid
ErrorLog %[1]s/error.log
LoadModule mpm_event_module %[3]s/mod_mpm_event.so
LoadModule authz_core_module %[3]s/mod_authz_core.so
LoadModule authn_core_module %[3]s/mod_authn_core.so
LoadModule headers_module %[3]s/mod_headers.so
LoadModule oauth2_module %[3]s/mod_oauth2.so
User www-data
Group www-data
DocumentRoot %[1]s
Header always set X-User "expr=%%{REMOTE_USER}"
<Location />
  AuthType oauth2
  OAuth2TokenVerify introspect %[4]s/oauth/introspect introspect.auth=client_secret_basic&client_id=%[5]s&client_secret=%[6]s
  Require oauth2_claim token_type:Bearer
</Location>
`

// tryApache sends every token to an Apache that introspects it.
func tryApache(t *testing.T, n *counts) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(modules, "mod_oauth2.so")); err != nil {
		skip.Test(t, "mod_oauth2 is missing: install it (Debian: apt-get install apache2-bin libapache2-mod-oauth2)")
	}
	e := newEnv(t)
	for _, by := range e.callers {
		url := startApache(t, e.issuer, by)
		for _, check := range e.checks {
			status, user := request(t, url, check.token)
			if want := check.want != inactive; (status == http.StatusOK) != want || !want && status != http.StatusUnauthorized || want && user != "2" {
				t.Errorf("%s, %s: got status %d for user %q, want user 2 let through: %t", by.name, check.name, status, user, want)
			}
			n.introspections.Add(1)
		}
	}
	n.clients.Add(1)
}

// request returns the status, and the user whom Apache recognized.
func request(t *testing.T, url, token string) (status int, user string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must.Do(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	must.Do(t, err)
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	must.Do(t, err)
	return response.StatusCode, response.Header.Get("X-User")
}

// startApache returns the URL of a file that Apache serves with an introspected token. Apache stops at the end of the test.
func startApache(t *testing.T, issuer string, by caller) string {
	t.Helper()
	folder, address := publicFolder(t), freeAddress(t)
	config := filepath.Join(folder, "httpd.conf")
	must.Do(t, os.WriteFile(config, fmt.Appendf(nil, apacheConfig, folder, address, modules, issuer, by.id, by.secret), 0o600))
	must.Do(t, os.WriteFile(filepath.Join(folder, "orders"), []byte("orders\n"), 0o644))
	command := exec.CommandContext(t.Context(), "apache2", "-f", config, "-DFOREGROUND")
	var messages strings.Builder
	command.Stderr = &messages
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	must.Do(t, command.Start())
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // the messages say why it ended
		close(ended)
	}()
	t.Cleanup(func() { <-ended })
	awaitAddress(t, address, ended, &messages)
	return "http://" + address + "/orders"
}

// publicFolder returns a new folder that Apache can read as another user.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "apache") //nolint:usetesting // only its owner can read one of t.TempDir
	must.Do(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must.Do(t, os.Chmod(folder, 0o755))
	return folder
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must.Do(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// awaitAddress returns once the address accepts connections.
func awaitAddress(t *testing.T, address string, ended <-chan struct{}, messages fmt.Stringer) {
	t.Helper()
	var dialer net.Dialer
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := dialer.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("apache2 ended: %s", messages)
		case <-tick.C:
		}
	}
}
