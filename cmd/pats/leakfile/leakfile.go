// Package leakfile reads files with leaked tokens: one token a line, or the JSON report of gitleaks.
package leakfile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"pats/pkg/pat"
)

// maxFile is the size of the largest file, in bytes. It has room for a million tokens.
const maxFile = 100 << 20

// Tokens are what a file contains.
type Tokens struct {
	// Secrets are the tokens, each once, in the order of the file.
	Secrets []pat.Secret
	// Others are the numbers of the lines, or of the findings of a report, that are not tokens. Both begin with 1.
	Others []int
}

// Read returns the tokens in the file at path, or in stdin for "-". Errors: a file that is too large, those of gitleaks' format, of the file
// system and of ctx. None of them quotes the file.
func Read(ctx context.Context, path string, stdin io.Reader) (Tokens, error) {
	text, err := readAll(ctx, path, stdin)
	switch {
	case err != nil:
		return Tokens{}, err
	case len(text) > maxFile:
		return Tokens{}, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	if bytes.HasPrefix(text, []byte("[")) || bytes.HasPrefix(text, []byte("{")) {
		return readReport(path, text)
	}
	return readLines(text)
}

func readAll(ctx context.Context, path string, stdin io.Reader) ([]byte, error) {
	input := stdin
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the caller names the file
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		input = file
	}
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // a terminal or a pipe may deliver nothing
		text, err := io.ReadAll(io.LimitReader(input, maxFile+1))
		done <- result{text, err}
	}()
	select {
	case got := <-done:
		return got.text, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// finding is an element of gitleaks' report, as `gitleaks git --report-format json` writes it.
type finding struct {
	Secret *string `json:"Secret"`
}

func readReport(path string, text []byte) (Tokens, error) {
	var findings []finding
	if err := json.Unmarshal(text, &findings); err != nil {
		return Tokens{}, fmt.Errorf("%s is not a report of gitleaks in JSON", path) // err may quote the file
	}
	var found collection
	for i, one := range findings {
		if one.Secret == nil {
			return Tokens{}, fmt.Errorf("%s is not a report of gitleaks in JSON: finding %d has no Secret", path, i+1)
		}
		if *one.Secret == "REDACTED" {
			return Tokens{}, fmt.Errorf("%s contains no tokens: gitleaks wrote it with --redact", path)
		}
		found.add(i+1, *one.Secret)
	}
	return found.Tokens, nil
}

// readLines reads one token a line. Empty lines, and those that begin with #, are ignored.
func readLines(text []byte) (Tokens, error) {
	var found collection
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFile+1)
	for number := 1; lines.Scan(); number++ {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			found.add(number, line)
		}
	}
	if err := lines.Err(); err != nil {
		return Tokens{}, errors.New("reading the lines failed")
	}
	return found.Tokens, nil
}

// collection collects tokens, each once.
type collection struct {
	Tokens
	known map[pat.Verifier]bool
}

func (c *collection) add(number int, text string) {
	secret, err := pat.ParseForeignSecret(strings.TrimSpace(text))
	if err != nil {
		c.Others = append(c.Others, number)
		return
	}
	if c.known == nil {
		c.known = map[pat.Verifier]bool{}
	}
	if !c.known[secret.Verifier()] {
		c.known[secret.Verifier()] = true
		c.Secrets = append(c.Secrets, secret)
	}
}
