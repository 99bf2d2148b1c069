package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
)

// commandBlock matches a command of a page and what the page says that it prints.
var commandBlock = regexp.MustCompile("(?s)```sh\npats ([^\n]*)\n```\n\n```\n(.*?)```")

// TestFindAndRevokeDocument runs the commands of docs/find-and-revoke-tokens.md, one after the other, on the office.
func TestFindAndRevokeDocument(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/find-and-revoke-tokens.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := commandBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != strings.Count(string(page), "```sh") || len(blocks) < 4 {
		t.Fatalf("got %d commands with their output, want all", len(blocks))
	}
	sh := office(t)
	for _, block := range blocks {
		got := sh.run(t, strings.Fields(block[1])...)
		wantCode(t, got, failure.OK)
		wantText(t, block[1], got.Stdout+got.Stderr, block[2])
	}
}
