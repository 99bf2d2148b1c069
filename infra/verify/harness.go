package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"pats/infra/testkit/figures"
	"pats/infra/verify/runner"
)

// harness is a package of tests in infra/stress that looks for what races, kills, faults and attacks break.
type harness struct {
	name string
	// rounds is how many of them a verification runs.
	rounds int
	tools  []string
	// alone is set for a harness that measures time, or whose races need every core.
	alone bool
}

var harnesses = []harness{
	{name: "faults", rounds: 20, tools: words("java mvn")},
	{name: "crash", rounds: 200, tools: words("strace")},
	{name: "races", rounds: 18, tools: words("java mvn"), alone: true},
	{name: "attack", rounds: 12, alone: true},
}

// run runs the harness at full scale, unless PATS_ROUNDS is set, and writes its log to out.
func (h harness) run(ctx context.Context, out io.Writer, env ...string) error {
	rounds := os.Getenv(figures.RoundsVariable)
	if rounds == "" {
		rounds = strconv.Itoa(h.rounds)
	}
	return runner.Supervise(ctx, runner.Process{
		Args: []string{"go", "test", "-count=1", "-v", "-timeout=20m", "./infra/stress/" + h.name},
		Env:  append(env, figures.RoundsVariable+"="+rounds), Out: out,
	})
}

func seedVariable(seed int) string { return fmt.Sprintf("%s=%d", figures.SeedVariable, seed) }

func (v *verification) harnessSteps() []runner.Step {
	var steps []runner.Step
	for _, h := range harnesses {
		steps = append(steps, runner.Step{Name: h.name, Tools: h.tools, Alone: h.alone, Run: func(ctx context.Context, job *runner.Job) error {
			env, err := v.dynamodbEnv(ctx)
			if err != nil {
				return err
			}
			return h.run(ctx, job, env...)
		}})
	}
	return steps
}
