package spring_test

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const tokenCount = 200

// TestBearerResolver: RFC 6750 §2.1 allows no colon in a token, so Spring refuses the canonical spelling.
func TestBearerResolver(t *testing.T) {
	t.Parallel()
	skip.Without(t, "java", "default-jdk-headless")
	skip.Without(t, "mvn", "maven")
	var headers, want []string
	for _, token := range newTokens(t) {
		inPats := pattest.InPats(token)
		headers = append(headers, "Bearer "+inPats, "bearer "+inPats, inPats, "Bearer "+token)
		want = append(want, "token "+inPats, "token "+inPats, "none", "error invalid_token")
	}
	if diff := cmp.Diff(want, resolve(t, headers)); diff != "" {
		t.Errorf("what Spring takes from the headers (-want +got):\n%s", diff)
	}
}

func newTokens(t *testing.T) []string {
	t.Helper()
	random := rand.NewChaCha8([32]byte{3})
	tokens := make([]string, tokenCount)
	for i := range tokens {
		secret, err := pat.NewSecret(random, pat.UserID(1+i))
		must.Do(t, err)
		tokens[i] = secret.Reveal()
	}
	return tokens
}

// resolve returns what Resolve.java prints for each header.
func resolve(t *testing.T, headers []string) []string {
	t.Helper()
	libraries, err := exec.CommandContext(t.Context(), "../../services/jars", "pom.xml", "spring").Output()
	must.Do(t, err)
	command := exec.CommandContext(t.Context(), "java", "-cp", strings.TrimSpace(string(libraries))+"/*", "Resolve.java")
	command.Stdin = strings.NewReader(strings.Join(headers, "\n") + "\n")
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Run(); err != nil {
		t.Fatalf("java: %v\n%s", err, messages.String())
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}
