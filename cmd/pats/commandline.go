package main

import (
	"regexp"
	"strings"

	"pats/cmd/pats/target"
)

// command returns a command line for the store that is served, for a POSIX shell.
func (s *startup) command(args ...string) string {
	words := append([]string{s.program}, args...)
	flags := [][2]string{{"--data", s.store.Folder}}
	if s.onTable() {
		flags = [][2]string{{"--store", string(target.DynamoDB)}, {"--table", s.store.Table.Name}, {"--endpoint", s.store.Table.Endpoint}, {"--region", s.store.Table.Region}}
	}
	for _, flag := range flags {
		if flag[1] != "" {
			words = append(words, flag[0], flag[1])
		}
	}
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// quote returns text as one word of a POSIX shell.
func quote(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
