package ministack_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/ministack"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	emulator := &ministack.Emulator{URL: "http://127.0.0.1:4566"}
	for aws, want := range map[string]string{
		"https://0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod":  "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/prod",
		"https://0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod/": "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/prod",
		"https://0a1b2c3d.execute-api.us-east-1.amazonaws.com":       "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d",
		"wss://0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod":    "ws://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/prod",
		"https://example.com/prod":                                   "",
		":":                                                          "",
	} {
		got, err := emulator.Address(aws)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", aws, got, err, want)
		}
	}
}

func TestPageURL(t *testing.T) {
	t.Parallel()
	pats := ministack.Pats{URL: "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/prod"}
	if got, want := pats.PageURL(), "http://0a1b2c3d.execute-api.localhost:4566/prod/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEnvHidesTheAccount(t *testing.T) {
	t.Setenv("AWS_PROFILE", "production")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	env := (&ministack.Emulator{URL: "http://127.0.0.1:4566"}).Env()
	for _, pair := range env {
		if strings.HasPrefix(pair, "AWS_PROFILE=") || strings.HasSuffix(pair, "=AKIAEXAMPLE") {
			t.Errorf("got %s, want the account of this process left out", pair)
		}
	}
	if !slices.Contains(env, "AWS_ENDPOINT_URL=http://127.0.0.1:4566") {
		t.Errorf("got %q, want the emulator's endpoint", env)
	}
}

func TestEnvironmentOfAShell(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/it's here")
	emulator := &ministack.Emulator{URL: "http://127.0.0.1:4566"}
	pats := ministack.Pats{URL: "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/prod", Outputs: ministack.Outputs{"TableName": "pats-Table"}}
	script := pats.Environment(emulator) + `
sam() { echo "    \"OutputValue\": \"$url\","; }
printf '%s\n' "$AWS_ENDPOINT_URL" "$TABLE_NAME" "$PATS_STACK_URL" "${AWS_PROFILE-none}" "$PATH"
for url in https://0a1b2c3d.execute-api.us-east-1.amazonaws.com/prod http://0a1b2c3d.execute-api.localhost:4566; do stack_url orders; done`
	command := exec.CommandContext(t.Context(), "bash", "-euc", script)
	command.Env = append(os.Environ(), "AWS_PROFILE=production")
	got, err := command.CombinedOutput()
	want := strings.Join([]string{emulator.URL, "pats-Table", pats.URL, "none", os.Getenv("PATH"), pats.URL, strings.TrimSuffix(pats.URL, "/prod"), ""}, "\n")
	if err != nil || string(got) != want {
		t.Errorf("got %v, %s\nwant %s", err, got, want)
	}
}
