package scanners_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const (
	examples = "../../../examples/secret-scanning/"
	document = "../../../docs/secret-scanning.md"
)

// tokenCount is the number of tokens, and of texts that resemble one, that each scanner reads.
const tokenCount = 600

// newTokens returns tokens in their canonical spelling, the same in each run: gitleaks ignores whatever contains "false", which one
// token in half a million does.
func newTokens(t *testing.T) []string {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	tokens := make([]string, tokenCount)
	for i := range tokens {
		secret, err := pat.NewSecret(random, pat.UserID(1+i*i))
		must.Do(t, err)
		tokens[i] = secret.Reveal()
	}
	return tokens
}

// contexts are lines in which tokens are found in files.
var contexts = []string{
	"%s", "Authorization: Bearer %s", `{"secret":"%s"}`, "PATS_TOKEN=%s", "token: '%s'", `curl -H "Authorization: %s" https://example.com`,
	"https://%s@example.com/repository.git", "export const token = `%s`;", `"script": "a\n%s\nb"`, "| ci | %s |", "<token>%s</token>", "see %s.",
}

// inContexts returns lines with the texts in them.
func inContexts(texts []string) string {
	var lines strings.Builder
	for i, text := range texts {
		fmt.Fprintf(&lines, contexts[i%len(contexts)]+"\n", text)
	}
	return lines.String()
}

// lookAlikes are functions that change a token with the given prefix into a text of another form.
var lookAlikes = map[string]func(prefix, rest string) string{
	"one character less":              func(prefix, rest string) string { return prefix + rest[:65] },
	"one character more":              func(prefix, rest string) string { return prefix + rest + "x" },
	"a dash after it":                 func(prefix, rest string) string { return prefix + rest + "-" },
	"a checksum that is too large":    func(prefix, rest string) string { return prefix + rest[:60] + "5" + rest[61:] },
	"a letter first in the checksum":  func(prefix, rest string) string { return prefix + rest[:60] + "a" + rest[61:] },
	"a dash in the checksum":          func(prefix, rest string) string { return prefix + rest[:64] + "-" + rest[65:] },
	"no underscore":                   func(prefix, rest string) string { return prefix + rest[:22] + "x" + rest[23:] },
	"a dot in the random part":        func(prefix, rest string) string { return prefix + rest[:40] + "." + rest[41:] },
	"an upper-case prefix":            func(prefix, rest string) string { return strings.ToUpper(prefix) + rest },
	"no prefix":                       func(_, rest string) string { return rest },
	"another prefix":                  func(_, rest string) string { return "path_" + rest },
	"the colon replaced":              func(_, rest string) string { return "user_v2_" + rest },
	"another version":                 func(_, rest string) string { return "user:v1_" + rest },
	"an imported token of version 1":  func(_, rest string) string { return "user:" + fmt.Sprintf("%x", rest[:28]) },
	"an example, not a random secret": func(prefix, _ string) string { return prefix + strings.Repeat("A", 22) + "_" + strings.Repeat("0", 43) },
}

// resembling returns texts that resemble the tokens and have another form.
func resembling(tokens []string) []string {
	var texts []string
	for i := 0; len(texts) < tokenCount; i++ {
		rest := strings.TrimPrefix(tokens[i], string(pat.PrefixUnleash))
		for _, change := range lookAlikes {
			for _, prefix := range []pat.TokenPrefix{pat.PrefixUnleash, pat.PrefixPats} {
				texts = append(texts, change(string(prefix), rest))
			}
		}
	}
	return texts
}

// scanner returns the texts that one of a scanner's rules finds in lines.
type scanner func(t *testing.T, rule, lines string) map[string]bool

// wantFound checks that the rule finds each of texts, and nothing else.
func wantFound(t *testing.T, scan scanner, rule string, texts []string) {
	t.Helper()
	found := scan(t, rule, inContexts(texts))
	missed := 0
	for _, text := range texts {
		if !found[text] {
			missed++
		}
	}
	if missed > 0 || len(found) != len(texts) {
		t.Errorf("%s: got %d found and %d of %d missed, want all found and nothing else", rule, len(found), missed, len(texts))
	}
}

// wantTokensFound checks that a scanner finds all tokens, in both spellings, all admin API tokens, and none of the texts that resemble one.
func wantTokensFound(t *testing.T, scan scanner) {
	t.Helper()
	tokens := newTokens(t)
	respelled, admin := make([]string, len(tokens)), make([]string, len(tokens))
	random := rand.NewChaCha8([32]byte{2})
	for i, token := range tokens {
		respelled[i] = pattest.InPats(token)
		secret, err := pat.NewAdminSecret(random)
		must.Do(t, err)
		admin[i] = secret.Reveal()
	}
	wantFound(t, scan, "pats-token", tokens)
	wantFound(t, scan, "pats-token", respelled)

	wantFound(t, scan, "pats-admin-token", admin)
	others := resembling(tokens)
	for text := range scan(t, "pats-token", inContexts(others)) {
		t.Errorf("got %q found, which is not a token", text)
	}
	for text := range scan(t, "pats-admin-token", inContexts(append(others, "*:*.unleash-insecure-admin-api-token"))) {
		t.Errorf("got %q found, which is not an admin API token", text)
	}
}

func TestGitleaks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gitleaks"); err != nil {
		skip.Test(t, "gitleaks is missing: run .ci/install.sh, and source .cache/env")
	}
	wantTokensFound(t, runGitleaks)
}

// runGitleaks passes lines on standard input, so that no file contains tokens.
func runGitleaks(t *testing.T, rule, lines string) map[string]bool {
	t.Helper()
	command := exec.CommandContext(t.Context(), "gitleaks", "stdin", "--config", examples+"gitleaks.toml", "--no-banner", "--exit-code", "0",
		"--report-format", "json", "--report-path", "-")
	command.Stdin = strings.NewReader(lines)
	var out, messages bytes.Buffer
	command.Stdout, command.Stderr = &out, &messages
	if err := command.Run(); err != nil {
		t.Fatalf("gitleaks: %v\n%s", err, messages.String())
	}
	var findings []struct{ RuleID, Secret string }
	must.Do(t, json.Unmarshal(out.Bytes(), &findings))
	found := map[string]bool{}
	for _, finding := range findings {
		if finding.RuleID == rule {
			found[finding.Secret] = true
		}
	}
	return found
}

// TestTruffleHog uses the detectors' expressions, which TruffleHog compiles with Go's regexp package.
func TestTruffleHog(t *testing.T) {
	t.Parallel()
	var config struct {
		Detectors []struct {
			Name     string
			Keywords []string
			Regex    map[string]string
		}
	}
	text, err := os.ReadFile(examples + "trufflehog.yaml")
	must.Do(t, err)
	must.Do(t, yaml.Unmarshal(text, &config))
	forms := map[string]*regexp.Regexp{}
	for _, detector := range config.Detectors {
		forms[strings.ReplaceAll(detector.Name, " ", "-")] = regexp.MustCompile(detector.Regex["token"])
	}
	wantTokensFound(t, matching(forms))
}

var pattern = regexp.MustCompile("A pattern named `(.*)`:\n\n```\nSecret format: (.*)\nBefore secret: (.*)\nAfter secret:  (.*)\n```")

// TestGitHub uses the custom patterns in the document.
func TestGitHub(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	must.Do(t, err)
	forms := map[string]*regexp.Regexp{}
	for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
		name, secret, before, after := match[1], match[2], match[3], match[4]
		forms[name] = regexp.MustCompile("(?:" + before + ")(" + secret + ")(?:" + after + ")")
	}
	wantTokensFound(t, matching(forms))
}

// matching returns a scanner that finds the first group of forms, by rule. It has no entropy, and so skips what repeats one character.
func matching(forms map[string]*regexp.Regexp) scanner {
	return func(t *testing.T, rule, lines string) map[string]bool {
		t.Helper()
		if forms[rule] == nil {
			t.Fatalf("got no rule %s", rule)
		}
		found := map[string]bool{}
		for _, match := range forms[rule].FindAllStringSubmatch(lines, -1) {
			if !strings.Contains(match[1], strings.Repeat("A", 22)) {
				found[match[1]] = true
			}
		}
		return found
	}
}
