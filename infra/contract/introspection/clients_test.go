package introspection_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// client is a program that does what each line of its input says, "introspect TOKEN" or "revoke TOKEN", and prints a line for each.
type client struct {
	name string
	// command returns the program with its arguments.
	command func(t *testing.T) []string
	// environment is added to that of all clients.
	environment []string
	revokes     bool
}

var clients = []client{
	{name: "Spring Security, three introspectors", command: spring},
	{name: "Authlib", command: program("python/bin/python", "python/introspect.py"), revokes: true},
	{name: "zitadel/oidc rs", command: program("zitadel/introspect")},
	{name: "openid-client, client_secret_basic", command: node, environment: []string{"METHOD=ClientSecretBasic"}, revokes: true},
	{name: "openid-client, client_secret_post", command: node, environment: []string{"METHOD=ClientSecretPost"}, revokes: true},
}

const (
	// clientsVariable is set to run the tests, which need the clients installed.
	clientsVariable = "PATS_OAUTH_CLIENTS"
	cache           = "../../../.cache/introspection"
)

// counts has the numbers of this run.
type counts struct{ clients, introspections, revocations atomic.Int64 }

func TestClients(t *testing.T) {
	t.Parallel()
	if os.Getenv(clientsVariable) == "" {
		t.Skip(clientsVariable + " is not set: `make verify` sets it")
	}
	var n counts
	t.Run("clients", func(t *testing.T) {
		for _, c := range clients {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.try(t, &n)
			})
		}
		t.Run("Apache mod_oauth2", func(t *testing.T) {
			t.Parallel()
			tryApache(t, &n)
		})
	})
	figures.Print(t, "introspection",
		figures.Count{Name: "clients", N: int(n.clients.Load())}, figures.Count{Name: "introspections", N: int(n.introspections.Load())},
		figures.Count{Name: "revocations", N: int(n.revocations.Load())})
}

// try has the client introspect every token as every caller, and revoke one as each.
func (c client) try(t *testing.T, n *counts) {
	t.Helper()
	e := newEnv(t)
	for _, by := range e.callers {
		var lines, want []string
		for _, check := range e.checks {
			lines, want = append(lines, "introspect "+check.token), append(want, check.want)
		}
		if diff := cmp.Diff(want, c.run(t, e, by, lines)); diff != "" {
			t.Errorf("%s: of %v (-want +got):\n%s", by.name, e.names(), diff)
		}
		n.introspections.Add(int64(len(lines)))
		if c.revokes {
			c.revoke(t, e, by)
			n.revocations.Add(1)
		}
	}
	n.clients.Add(1)
}

func (c client) revoke(t *testing.T, e *env, by caller) {
	t.Helper()
	leaked := e.create(t, e.viewer, "leaked")
	token := leaked.Secret.Reveal()
	got := c.run(t, e, by, []string{"introspect " + token, "revoke " + token, "introspect " + token, "revoke " + token})
	if diff := cmp.Diff([]string{unscoped, "revoked", inactive, "revoked"}, got); diff != "" {
		t.Errorf("%s, a revocation (-want +got):\n%s", by.name, diff)
	}
	if e.works(t.Context(), leaked.Secret) {
		t.Errorf("%s: the revoked token works", by.name)
	}
}

// names returns the names of the tokens, for a failure.
func (e *env) names() []string {
	var names []string
	for _, check := range e.checks {
		names = append(names, check.name)
	}
	return names
}

// run returns the lines that the client prints.
func (c client) run(t *testing.T, e *env, by caller, lines []string) []string {
	t.Helper()
	args := c.command(t)
	command := exec.CommandContext(t.Context(), args[0], args[1:]...)
	command.Env = append(os.Environ(), "ISSUER="+e.issuer, "CLIENT_ID="+by.id, "CLIENT_SECRET="+by.secret, "PYTHONDONTWRITEBYTECODE=1")
	command.Env = append(command.Env, c.environment...)
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", args[0], err, messages.String())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// program returns the command of an installed program with its arguments.
func program(installed string, args ...string) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		t.Helper()
		return append([]string{need(t, installed)}, args...)
	}
}

// need returns the path of an installed file.
func need(t *testing.T, installed string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(cache, installed))
	must.Do(t, err)
	if _, err := os.Stat(path); err != nil {
		skip.Test(t, installed+" is missing: infra/contract/introspection/install installs it")
	}
	return path
}

// node runs the program where Node.js finds its modules.
func node(t *testing.T) []string {
	t.Helper()
	skip.Without(t, "node", "nodejs")
	folder := t.TempDir()
	must.Do(t, os.Symlink(need(t, "node/node_modules"), filepath.Join(folder, "node_modules")))
	for _, file := range []string{"package.json", "introspect.js"} {
		text, err := os.ReadFile(filepath.Join("node", file))
		must.Do(t, err)
		must.Do(t, os.WriteFile(filepath.Join(folder, file), text, 0o600))
	}
	return []string{"node", filepath.Join(folder, "introspect.js")}
}

func spring(t *testing.T) []string {
	t.Helper()
	skip.Without(t, "java", "default-jdk-headless")
	skip.Without(t, "mvn", "maven")
	libraries, err := exec.CommandContext(t.Context(), "../../services/jars", "../spring/pom.xml", "spring").Output()
	must.Do(t, err)
	return []string{"java", "-cp", strings.TrimSpace(string(libraries)) + "/*", "spring/Introspect.java"}
}
