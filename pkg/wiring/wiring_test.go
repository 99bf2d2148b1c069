package wiring_test

import (
	"strings"
	"testing"

	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/wiring"
)

// TestRunRefusesInvalidSettings: the log names every invalid variable, and no handler is built.
func TestRunRefusesInvalidSettings(t *testing.T) {
	t.Parallel()
	const secret = "in-the-wrong-place"
	env := map[string]string{"ADMIN_TOKEN_HASH": secret, "AWS_REGION": "eu-central-1"}
	var log strings.Builder
	err := wiring.Run(func(config.Config, pat.Store, pat.Env) func() {
		t.Error("a handler was built")
		return nil
	}, func(name string) string { return env[name] }, &log)
	for _, want := range []string{"ADMIN_TOKEN_HASH must be 64 hex digits or empty", "TABLE_NAME must be set"} {
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(log.String(), want) {
			t.Errorf("got error %v and log %s, want both to contain %q", err, log.String(), want)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log contains a value: %s", log.String())
	}
}
