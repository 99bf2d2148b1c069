package main

import (
	"context"
	"io"
	"os"
	"slices"
)

// run dumps what the command prints. The answers of the two commands that make a token have dumps of their own.
func run(ctx context.Context, args []string, w world) int {
	kind := "stdout"
	if len(args) >= 2 && !slices.Contains(args, "--help") && leaksMakesToken(args) {
		kind = "stdout-token"
	}
	w.stdout = io.MultiWriter(w.stdout, leaksStream(kind))
	w.stderr = io.MultiWriter(w.stderr, leaksStream("stderr"))
	return runUnwatched(ctx, args, w)
}

func leaksMakesToken(args []string) bool {
	return args[0] == "token" && args[1] == "create" || args[0] == "admin-token" && args[1] == "new"
}

type leaksStream string

func (s leaksStream) Write(p []byte) (int, error) {
	os.LeaksDump(string(s), p)
	return len(p), nil
}
