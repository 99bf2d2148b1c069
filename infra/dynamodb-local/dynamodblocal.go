// Package dynamodblocal gives tests a DynamoDB Local to work with.
package dynamodblocal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// ready stands before the base URL in the line that the script prints when DynamoDB Local answers.
const ready = "DynamoDB Local "

// Start gives the base URL of a DynamoDB Local that all tests of the process share, so each works in tables of its own. The
// first call starts it, which takes some seconds, and longer where it has to be fetched; it ends with the process.
// Without Java and Maven the test is skipped, or fails where the environment has CI=true.
func Start(tb testing.TB) string {
	tb.Helper()
	if tool, ok := missing("bash", "java", "mvn"); ok {
		leaveOut(tb, tool+" is missing: DynamoDB Local needs bash, Java 17 or later and Maven (Debian: apt-get install default-jre-headless maven)")
	}
	local, err := start()
	if err != nil {
		tb.Fatalf("DynamoDB Local did not start: %v", err)
	}
	return local.url
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

// server is a running DynamoDB Local. Its process ends when stdin does: with this process, whatever ends that, or when nothing
// refers to stdin any more and it is collected.
type server struct {
	url   string
	stdin io.Closer
}

// start is launch, once a process; it keeps the server.
var start = sync.OnceValues(launch)

func launch() (*server, error) {
	script, err := find("infra/dynamodb-local/start")
	if err != nil {
		return nil, err
	}
	// No test's context: the server is for the tests that come later, too.
	process := exec.CommandContext(context.Background(), script, "--with-parent") //nolint:gosec // a script of this repository
	var complaint bytes.Buffer
	process.Stderr = &complaint
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), ready)
	if err != nil || !ok {
		return nil, errors.Join(err, stdin.Close(), process.Wait(), errors.New(complaint.String()))
	}
	return &server{url: url, stdin: stdin}, nil
}

// find looks for a file of this repository from the working directory upwards: tests run in the folder of their package.
func find(path string) (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if file := filepath.Join(at, path); isFile(file) {
			return file, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", fmt.Errorf("%s is not above the working directory", path)
		}
		at = up
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
