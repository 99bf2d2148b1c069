package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"pats/infra/testkit/skip"
	"pats/infra/verify/runner"
)

// logs is the folder for the logs and figures of a run.
const logs = ".cache/verify"

type runCommand struct {
	Steps  []string `arg:"" optional:"" help:"Steps: ${steps}."`
	Tested string   `placeholder:"DIR" help:"The tests have just passed by make test, in the environment of infra/stress/leaks/env DIR: search what they wrote instead of running them again."`
}

func (c *runCommand) Run(ctx context.Context) error {
	v := &verification{tested: c.Tested}
	chosen, err := v.choose(c.Steps)
	if err != nil {
		return err
	}
	r := runner.Runner{Logs: logs, Out: os.Stdout, Limit: 20 * time.Minute, Strict: skip.Forbidden()}
	defer v.close()
	counts, err := r.Run(ctx, chosen)
	if err != nil {
		return err
	}
	fmt.Println(counts)
	if counts.Failed > 0 {
		return errFailed
	}
	return nil
}

// choose returns the named steps, or all, in the order of [verification.steps]. The step leaks brings those that write what it
// searches.
func (v *verification) choose(names []string) ([]runner.Step, error) {
	all := v.steps()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s runner.Step) bool { return s.Name == name }) {
			return nil, fmt.Errorf("there is no step %q; the steps are %s", name, strings.Join(stepNames(), ", "))
		}
	}
	v.watching = len(names) == 0 || slices.Contains(names, leaksStep)
	return slices.DeleteFunc(all, func(s runner.Step) bool {
		chosen := len(names) == 0 || slices.Contains(names, s.Name) || v.watching && slices.Contains(watchedSteps, s.Name)
		return !chosen || s.Name == testStep && v.tested != ""
	}), nil
}

func stepNames() []string {
	var names []string
	for _, step := range new(verification).steps() {
		names = append(names, step.Name)
	}
	return names
}
