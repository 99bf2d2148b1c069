package dynamotest

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

	"pats/pkg/dynamostore"
)

// ready precedes the base URL in the line that the script prints when DynamoDB Local is ready.
const ready = "DynamoDB Local "

// Server is a running DynamoDB Local. Its process ends when stdin is closed: by Close, by the end of this process, or when the Server
// is garbage-collected.
type Server struct {
	// URL is the base address.
	URL     string
	stdin   io.Closer
	process *exec.Cmd
}

// Launch starts a DynamoDB Local for the caller alone, until Close or until ctx is done. The working directory must be in this
// repository. Errors: those of infra/services/dynamodb-local/start, with its messages.
func Launch(ctx context.Context) (*Server, error) {
	script, err := find("infra/services/dynamodb-local/start")
	if err != nil {
		return nil, err
	}
	process := exec.CommandContext(ctx, script, "--with-parent") //nolint:gosec // a script of this repository
	var complaint bytes.Buffer
	process.Stderr = &complaint
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	process.Cancel = stdin.Close
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
	return &Server{URL: url, stdin: stdin, process: process}, nil
}

// Close stops the server and waits for its end.
func (s *Server) Close() error { return errors.Join(s.stdin.Close(), s.process.Wait()) }

// Settings returns the settings of a client of the server.
func (s *Server) Settings() dynamostore.Settings { return settings(s.URL) }

func settings(url string) dynamostore.Settings {
	return dynamostore.Settings{Region: "eu-central-1", Endpoint: url, AccessKeyID: "local", SecretAccessKey: "local"}
}

// find finds a file of this repository from the working directory, which in tests is the folder of the package.
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
