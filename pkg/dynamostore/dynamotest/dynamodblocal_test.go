package dynamotest_test

import (
	"testing"

	"pats/pkg/dynamostore/dynamotest"
)

// TestStartUsesNamedServer checks that nothing is started, nor needed, where the environment names a server.
func TestStartUsesNamedServer(t *testing.T) {
	const url = "http://127.0.0.1:1"
	t.Setenv(dynamotest.EndpointVariable, url)
	t.Setenv("PATH", "")
	if got := dynamotest.Start(t); got != url {
		t.Errorf("Start: got %s, want %s", got, url)
	}
	if got := dynamotest.Settings(t).Endpoint; got != url {
		t.Errorf("Settings: got endpoint %s, want %s", got, url)
	}
}
