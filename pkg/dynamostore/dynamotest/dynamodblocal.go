// Package dynamotest provides DynamoDB Local to tests and benchmarks.
package dynamotest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// EndpointVariable is an environment variable with the base URL of a running DynamoDB Local, for all test processes to share.
const EndpointVariable = "PATS_DYNAMODB_LOCAL"

// Start returns the base URL of a DynamoDB Local: the one that EndpointVariable names, or else one that all tests of the process
// share. The first call starts it, which takes some seconds, and longer where it must be fetched; it ends with the process.
// Other tests use it at the same time, so each test creates tables for itself.
// Without Java and Maven the test is skipped, or fails if the environment has CI=true.
func Start(tb testing.TB) string {
	tb.Helper()
	if url := os.Getenv(EndpointVariable); url != "" {
		return url
	}
	if tool := missing("bash", "java", "mvn"); tool != "" {
		skipUnlessCI(tb, tool+" is missing: DynamoDB Local needs bash, Java 17 or later and Maven (Debian: apt-get install default-jre-headless maven)")
	}
	local, err := shared()
	if err != nil {
		tb.Fatalf("DynamoDB Local did not start: %v", err)
	}
	return local.URL
}

// missing returns the first of tools that is not on PATH, or "".
func missing(tools ...string) string {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool
		}
	}
	return ""
}

func skipUnlessCI(tb testing.TB, reason string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(reason)
	}
	tb.Skip(reason)
}

// shared launches one server for the process. It takes no test's context, since later tests use the server too.
var shared = sync.OnceValues(func() (*Server, error) { return Launch(context.Background()) })
