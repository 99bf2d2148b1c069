package main

import (
	"context"
	"os"
	"path/filepath"

	"pats/infra/verify/runner"
)

// watchedSteps write what the step leaks searches.
var watchedSteps = []string{testStep, openapiStep, examplesStep, deployedStep}

// watchFolder is where a run whose output is searched gathers it.
const watchFolder = ".cache/leaks"

func (v *verification) folder() string {
	if v.tested != "" {
		return v.tested
	}
	return watchFolder
}

// inEnvironment is a script that runs its arguments in the environment that infra/stress/leaks/env has written.
const inEnvironment = `source "$0" && exec "$@"`

// runWatched runs a command in the environment that keeps everything it writes, if the run has the step leaks. Errors: job's.
func (v *verification) runWatched(ctx context.Context, job *runner.Job, command ...string) error {
	if !v.watching {
		return job.Run(ctx, command[0], command[1:]...)
	}
	if err := v.startWatching(ctx, job); err != nil {
		return err
	}
	return job.Run(ctx, "bash", append([]string{"-c", inEnvironment, filepath.Join(v.folder(), "env")}, command...)...)
}

// startWatching makes the environment, once for all steps, unless the tests have run in it before.
func (v *verification) startWatching(ctx context.Context, job *runner.Job) error {
	if v.tested != "" {
		return nil
	}
	v.watch.Do(func() { v.watchErr = job.Run(ctx, "infra/stress/leaks/env", watchFolder) })
	return v.watchErr
}

func (v *verification) test(ctx context.Context, job *runner.Job) error {
	return v.runWatched(ctx, job, "make", "test", "RACE=true")
}

// openapi sends generated requests to a server and compares the responses with the OpenAPI document.
func (v *verification) openapi(ctx context.Context, job *runner.Job) error {
	return v.withServer(ctx, job, "infra/contract/openapi/check")
}

// generators uses clients that are generated from the OpenAPI document.
func (v *verification) generators(ctx context.Context, job *runner.Job) error {
	if err := job.Run(ctx, "infra/contract/openapi/generators/install"); err != nil {
		return err
	}
	return v.withServer(ctx, job, "infra/contract/openapi/generators/check")
}

// examples runs the programs in examples, each in its language.
func (v *verification) examples(ctx context.Context, job *runner.Job) error {
	if err := job.Run(ctx, "infra/contract/examples/install"); err != nil {
		return err
	}
	return v.withServer(ctx, job, "infra/contract/examples/check")
}

// deployed deploys the stack to an emulator of AWS, and runs the HTTP cases against it, and the page in a browser.
func (v *verification) deployed(ctx context.Context, job *runner.Job) error {
	return v.runWatched(ctx, job, "env", "PATS_DEPLOYED=true", "go", "test", "-count=1", "-v", "-run", "Stack|Deployed", "./infra/contract/deployed", "./infra/contract/browser")
}

// withServer runs a command beside a pats serve. A watched one is built for that, beside what other steps use.
func (v *verification) withServer(ctx context.Context, job *runner.Job, command string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if !v.watching {
		return runner.Steps(
			func() error { return v.buildCommand(ctx, job) },
			func() error { return job.Run(ctx, self, "with-server", command) },
		)
	}
	program := filepath.Join(v.folder(), "bin", "pats")
	v.watchedBuild.Do(func() { v.watchedBuildErr = v.runWatched(ctx, job, "go", "build", "-o", program, "./cmd/pats") })
	if v.watchedBuildErr != nil {
		return v.watchedBuildErr
	}
	return v.runWatched(ctx, job, self, "with-server", "--program", program, command)
}

// leaks searches what the watched steps wrote, and the logs of all, for the secrets that they created.
func (v *verification) leaks(ctx context.Context, job *runner.Job) error {
	return runner.Steps(
		func() error { return job.Run(ctx, "infra/stress/leaks/scan", v.folder(), logs) },
		func() error { return os.RemoveAll(v.folder()) },
	)
}
