package protect_test

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
)

// env is a ministack with the stack of pats, and what the requests to other APIs on it came to.
type env struct {
	emulator *ministack.Emulator
	pats     ministack.Pats
	// template is that of pats, built, and parameters are those of its stack.
	template   string
	parameters map[string]string
	catalog    pat.ScopeCatalog
	// admin is the admin API token.
	admin  string
	client *http.Client

	mu     sync.Mutex
	apis   []api
	counts counts
}

// start starts a ministack with the stack of pats, until the end of the test.
func start(t *testing.T) *env {
	t.Helper()
	needTools(t)
	admin, err := pat.NewAdminSecret(rand.Reader)
	must.Do(t, err)
	e := &env{parameters: map[string]string{"Scopes": listed, "AdminTokenHash": admin.Hash()}, admin: admin.Reveal(), client: apiclient.New(t, 8)}
	e.catalog, err = pat.ParseScopeCatalog(listed)
	must.Do(t, err)
	e.emulator, err = ministack.Start(t.Context(), ministack.Options{Root: root(t)})
	must.Do(t, err)
	t.Cleanup(func() { must.Do(t, e.emulator.Stop()) })
	e.template, err = e.emulator.Build(t.Context(), "template.yaml", t.TempDir())
	must.Do(t, err)
	e.pats, err = e.emulator.DeployBuilt(t.Context(), e.template, e.parameters)
	must.Do(t, err)
	t.Cleanup(func() { e.report(t) })
	return e
}

// deployVariable is set to run the tests that deploy stacks.
const deployVariable = "PATS_DEPLOYED"

// needTools skips the test unless it is wanted and can run.
func needTools(t *testing.T) {
	t.Helper()
	if os.Getenv(deployVariable) == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` sets it.
		t.Skip(deployVariable + " is not set: `make verify` sets it")
	}
	for _, command := range []string{"curl", "jq", "node", "npm", "python3", "sam"} {
		if _, err := exec.LookPath(command); err != nil {
			skip.Test(t, command+" is missing: .ci/install.sh installs it")
		}
	}
}

func root(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	must.Do(t, err)
	return root
}

// api is a deployed API.
type api struct {
	kind
	// ttl is how long it caches, in seconds.
	ttl int
	url string
}

// deploy deploys an API from a built template.
func (e *env) deploy(ctx context.Context, k kind, template string, ttl int) (api, error) {
	// A template ignores the parameters that it does not have.
	parameters := map[string]string{
		"SharedAuthorizerArn": e.pats.Outputs["SharedAuthorizerArn"], "AuthorizerTtlSeconds": strconv.Itoa(ttl),
		"Architecture": binaries.Architecture(),
	}
	maps.Copy(parameters, k.parameters)
	outputs, err := e.emulator.Deploy(ctx, ministack.Stack{Name: stackName(k, ttl), Template: template, Parameters: parameters})
	if err != nil {
		return api{}, err
	}
	address, err := e.emulator.Address(outputs["Url"])
	return api{kind: k, ttl: ttl, url: address}, err
}

// add keeps a deployed API.
func (e *env) add(to api) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.apis = append(e.apis, to)
}

func stackName(k kind, ttl int) string {
	return strings.NewReplacer(" ", "-", ".", "-").Replace(k.name) + "-" + strconv.Itoa(ttl)
}

// counts are how many requests were sent, and how many of them were accepted or refused wrongly.
type counts struct{ requests, accepted, acceptedWrongly, refusedWrongly int }

func (e *env) count(want, got, success int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts.requests++
	switch {
	case got == success && want == success:
		e.counts.accepted++
	case got == success:
		e.counts.acceptedWrongly++
	case want == success:
		e.counts.refusedWrongly++
	}
}

func (e *env) report(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	figures.Print(t, "protect",
		figures.Count{Name: "stacks", N: len(e.apis)}, figures.Count{Name: "requests", N: e.counts.requests},
		figures.Count{Name: "accepted", N: e.counts.accepted}, figures.Count{Name: "accepted_wrongly", N: e.counts.acceptedWrongly},
		figures.Count{Name: "refused_wrongly", N: e.counts.refusedWrongly})
	if len(e.apis) == allStacks() && e.counts.requests < minRequests {
		t.Errorf("sent %d requests, want at least %d", e.counts.requests, minRequests)
	}
}

// minRequests is how many requests the result in docs/reliability.md is about at least.
const minRequests = 2000

// allStacks returns how many stacks are deployed if no part of the test is left out.
func allStacks() int {
	n := 0
	for _, k := range kinds {
		n += len(k.deployments())
	}
	return n
}
