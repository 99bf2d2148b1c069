package main

import (
	"context"
	"os/exec"
	"strings"

	"pats/infra/bench/result"
)

// commit returns the commit that is measured, with result.Modified if files differ from it; empty outside a Git repository.
func commit(ctx context.Context) string {
	id := git(ctx, "rev-parse", "--short", "HEAD")
	if id != "" && git(ctx, "status", "--porcelain") != "" {
		id += result.Modified
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
