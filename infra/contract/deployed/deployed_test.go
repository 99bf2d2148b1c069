// Package deployed_test deploys template.yaml, as it is, to an emulator of AWS: it creates, updates and deletes the stack with SAM CLI,
// and runs the HTTP cases against it.
package deployed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/infra/testkit/partners"
)

const root = "../../.."

// stack is the deployed stack, with the means to change it.
type stack struct {
	emulator *ministack.Emulator
	ministack.Pats
	// template is the template that `sam build` made.
	template string
	// parameters are those of the first deployment. An update keeps the value of a parameter that it does not name.
	parameters map[string]string
	// adminToken is the admin API token, whose hash is one of the parameters.
	adminToken string
	// partners report leaked tokens to the stack.
	partners partners.Partners
	// command is the path of cmd/pats.
	command string
	// token is the file with the first user's token.
	token string
}

// TestStack goes through the life of a stack. The steps build on each other: a deployment takes seconds, so they share one.
func TestStack(t *testing.T) {
	t.Parallel()
	if os.Getenv("PATS_DEPLOYED") == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with the variable.
		t.Skip("PATS_DEPLOYED is not set: `make verify` sets it")
	}
	s := newStack(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *stack)
	}{
		{"the command creates the first user and token", createFirstToken},
		{"the HTTP cases pass", runCases},
		{"an update changes parameters", changeParameters},
		{"an update lets scripts of an origin in", allowOrigin},
		{"a role without one of its rights fails where it is needed", narrowRoles},
		{"an API without a permission cannot invoke the shared authorizer", refuseUnpermitted},
		{"nothing listens on other addresses", checkAddresses},
		{"deletion keeps the table", deleteStack},
		{"nothing is left", stop},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s) }) {
			t.FailNow()
		}
	}
}

// newStack starts the emulator, builds the functions and deploys the stack.
func newStack(t *testing.T) *stack {
	t.Helper()
	folder := t.TempDir()
	command, err := binaries.BuildProgram(t.Context(), root, "./cmd/pats", folder)
	must.Do(t, err)
	s := &stack{command: command, token: filepath.Join(folder, "token")}
	s.createAdminToken(t)
	// The emulator outlives the test's context, which ends before its cleanups.
	s.emulator, err = ministack.Start(context.WithoutCancel(t.Context()), ministack.Options{Root: root, Log: t.Output()})
	must.Do(t, err)
	t.Cleanup(func() { _ = s.emulator.Stop() }) // the last step stops it, unless a step before failed
	s.template, err = s.emulator.Build(t.Context(), "template.yaml", filepath.Join(folder, "build"))
	must.Do(t, err)
	s.deploy(t, nil)
	return s
}

func (s *stack) createAdminToken(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), s.command, "admin-token", "new", "--output", "json").Output()
	must.Do(t, err)
	var token struct{ Hash, Secret string }
	must.Do(t, json.Unmarshal(out, &token))
	s.adminToken = token.Secret
	s.partners, err = partners.New(s.adminToken)
	must.Do(t, err)
	s.parameters, err = s.partners.Parameters()
	must.Do(t, err)
	maps.Copy(s.parameters, map[string]string{"AdminTokenHash": token.Hash, "PatsEnabled": "true", "AcceptImportedTokens": "false"})
}

// deploy creates or updates the stack with the first parameters and these.
func (s *stack) deploy(t *testing.T, changed map[string]string) {
	t.Helper()
	parameters := maps.Clone(s.parameters)
	maps.Copy(parameters, changed)
	var err error
	s.Pats, err = s.emulator.DeployBuilt(t.Context(), s.template, parameters)
	must.Do(t, err)
}

func (s *stack) target() e2e.Target {
	return e2e.Target{Front: e2e.Ministack, URL: s.URL, Store: s.Store, AdminToken: s.adminToken, Partners: s.partners}
}

// createFirstToken does what an operator does after the first deployment, and uses the token.
func createFirstToken(t *testing.T, s *stack) {
	s.run(t, "user", "create", "--username", "admin", "--role", "admin")
	s.run(t, "token", "create", "--user", "1", "--description", "first", "--token-file", s.token)
	if got := s.send(t, apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath}); got.Status != http.StatusOK {
		t.Errorf("got %v, want the list with the token", got)
	}
}

// run runs cmd/pats on the stack's table, and returns what it prints.
func (s *stack) run(t *testing.T, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), s.command, args...)
	command.Env = append(s.emulator.Env(), s.Variables()...)
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		t.Fatalf("pats %s: %v\n%s", strings.Join(args, " "), err, errors.Bytes())
	}
	return output
}

// send sends a request with the first user's token, unless the request has another.
func (s *stack) send(t *testing.T, r apiclient.Request) apiclient.Response {
	t.Helper()
	if r.Token == "" {
		r.Token = read(t, s.token)
	}
	response, err := apiclient.Send(t.Context(), apiclient.New(t, 1), s.URL, r)
	must.Do(t, err)
	return response
}

// read returns the token in a file.
func read(t *testing.T, file string) string {
	t.Helper()
	token, err := os.ReadFile(file)
	must.Do(t, err)
	return strings.TrimSpace(string(token))
}

func runCases(t *testing.T, s *stack) { e2e.Run(t, s.target()) }
