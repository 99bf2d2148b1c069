package wiring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFunctionsLinkOnlyTheirHandler: a function that links another one's handler is larger, and starts later.
func TestFunctionsLinkOnlyTheirHandler(t *testing.T) {
	t.Parallel()
	const (
		authorizer, shared = "pats/pkg/authz.(*Authorizer)", "pats/pkg/authz.(*Shared)"
		api                = "pats/pkg/api"
		tokens, users      = api + ".NewTokens", api + ".NewUsers"
		services           = api + ".NewServiceAccounts"
		oauth              = "pats/pkg/oauth.(*Handler)"
		page, store        = "pats/pkg/page", "pats/pkg/dynamostore"
		adminTokens        = api + ".adminTokens."
		leaks              = "pats/pkg/leaks.(*Handler)"
		signIn             = "pats/pkg/signin.(*Handler)"
		sessions           = "pats/pkg/sessionapi."
	)
	for function, c := range map[string]struct {
		want   string
		others []string
	}{
		"authorizer":        {authorizer, []string{shared, api}},
		"shared-authorizer": {shared, []string{authorizer, api}},
		"tokens":            {tokens, []string{"pats/pkg/authz", oauth, users, adminTokens, services}},
		"users":             {users, []string{"pats/pkg/authz", oauth, tokens, adminTokens, services}},
		"admin-tokens":      {adminTokens, []string{"pats/pkg/authz", oauth, tokens, users, services}},
		"service-accounts":  {services, []string{"pats/pkg/authz", oauth, users, tokens, adminTokens}},
		"oauth":             {oauth, []string{"pats/pkg/authz", leaks, api}},
		"sign-in":           {signIn, []string{"pats/pkg/authz", api, store, page, sessions}},
		"session":           {sessions, []string{"pats/pkg/authz", oauth, users, adminTokens, services, signIn}},
		"admin-session":     {users, []string{"pats/pkg/authz", oauth, services, signIn}},
		"page":              {page + ".New", []string{"pats/pkg/authz", api, store}},
		"leaks":             {leaks, []string{"pats/pkg/authz", oauth, api + "."}},
	} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			symbols := symbolsOf(t, "../../functions/"+function)
			if !strings.Contains(symbols, c.want) {
				t.Errorf("got no symbol %s, want it linked", c.want)
			}
			for _, other := range append(c.others, "pats/pkg/gateway.", "go.yaml.in/") {
				if strings.Contains(symbols, other) {
					t.Errorf("got symbols %s, want none", other)
				}
			}
		})
	}
}

// symbolsOf builds a command and returns the names of the symbols in its binary.
func symbolsOf(t *testing.T, folder string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc,nethttpomithttp2", "-ldflags=-w", "-o", binary, folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // with the Makefile's flags, most packages are in the compiler's cache
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	symbols, err := exec.CommandContext(t.Context(), "go", "tool", "nm", binary).Output()
	if err != nil {
		t.Fatalf("go tool nm: %v", err)
	}
	return string(symbols)
}
