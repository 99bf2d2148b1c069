package ministack_test

import (
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
