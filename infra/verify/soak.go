package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pats/infra/testkit/figures"
)

// soakLogs is the folder for the logs and sums of a soak.
const soakLogs = ".cache/soak"

type soakCommand struct {
	Minutes int `arg:"" default:"30" help:"How long (default: ${default})."`
}

// Run runs the harnesses until time is up, and prints the sums of what they count. The first failure ends it and names the seed.
func (c *soakCommand) Run(ctx context.Context) error {
	if c.Minutes < 1 {
		return fmt.Errorf("%d is not a number of minutes", c.Minutes)
	}
	if err := os.RemoveAll(soakLogs); err != nil {
		return err
	}
	if err := os.MkdirAll(soakLogs, 0o755); err != nil { //nolint:gosec // logs without secrets
		return err
	}
	v := new(verification)
	defer v.close()
	lines, err := c.rounds(ctx, v)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, line := range figures.Sum(lines) {
		fmt.Fprintln(&sums, line)
	}
	fmt.Printf("%d minutes, no failure; in all:\n%s", c.Minutes, sums.String())
	return os.WriteFile(filepath.Join(soakLogs, "sums"), []byte(sums.String()), 0o600)
}

// seedStep separates the seeds of one round from those of the next, and of a verification, whose seeds begin at 1.
const seedStep = 1000

func (c *soakCommand) rounds(ctx context.Context, v *verification) ([]figures.Line, error) {
	begin, limit := time.Now(), time.Duration(c.Minutes)*time.Minute
	var lines []figures.Line
	for seed := seedStep; ; seed += seedStep {
		for _, h := range harnesses {
			elapsed := time.Since(begin)
			if elapsed >= limit {
				return lines, nil
			}
			fmt.Printf("%3d%%  seed %d  %s\n", elapsed*100/limit, seed, h.name)
			counted, err := soak(ctx, v, h, seed)
			if err != nil {
				return nil, err
			}
			lines = append(lines, counted...)
		}
	}
}

// soak runs a harness with a seed.
func soak(ctx context.Context, v *verification, h harness, seed int) ([]figures.Line, error) {
	env, err := v.dynamodbEnv(ctx)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(soakLogs, h.name+".log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	if err := h.run(ctx, log, append(env, seedVariable(seed))...); err != nil {
		return nil, fmt.Errorf("%w; its log is %s; to repeat: %s go run ./infra/verify run %s", err, log.Name(), seedVariable(seed), h.name)
	}
	text, err := os.ReadFile(log.Name())
	return figures.Parse(string(text)), err
}
