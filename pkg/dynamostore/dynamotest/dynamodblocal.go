// Package dynamotest gives tests and benchmarks a DynamoDB Local to work with.
package dynamotest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// Start gives the base URL of a DynamoDB Local that all tests of the process share, so each works in tables of its own. The
// first call starts it, which takes some seconds, and longer where it has to be fetched; it ends with the process.
// Without Java and Maven the test is skipped, or fails where the environment has CI=true.
func Start(tb testing.TB) string {
	tb.Helper()
	if tool, ok := missing("bash", "java", "mvn"); ok {
		leaveOut(tb, tool+" is missing: DynamoDB Local needs bash, Java 17 or later and Maven (Debian: apt-get install default-jre-headless maven)")
	}
	local, err := shared()
	if err != nil {
		tb.Fatalf("DynamoDB Local did not start: %v", err)
	}
	return local.URL
}

func missing(tools ...string) (string, bool) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool, true
		}
	}
	return "", false
}

func leaveOut(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// shared is Launch, once a process; it keeps the server. It has no test's context: the server is for the tests that come later, too.
var shared = sync.OnceValues(func() (*Server, error) { return Launch(context.Background()) })
