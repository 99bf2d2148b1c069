package main

import (
	"context"
	"os/exec"
	"strings"
)

// commit names what is measured, with "+" where files differ from it; empty outside a repository of git.
func commit(ctx context.Context) string {
	id := git(ctx, "rev-parse", "--short", "HEAD")
	if id != "" && git(ctx, "status", "--porcelain") != "" {
		id += "+"
	}
	return id
}

func git(ctx context.Context, args ...string) string {
	output, err := exec.CommandContext(ctx, "git", args...).Output() //nolint:gosec // the arguments above
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}
