package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"pats/infra/testkit/partners"
	"pats/infra/testkit/service"
	"pats/infra/verify/runner"
)

const (
	testStep     = "test"
	openapiStep  = "openapi"
	examplesStep = "examples"
	deployedStep = "deployed"
	leaksStep    = "leaks"
)

// verification is one run of some steps.
type verification struct {
	// tested is the folder of an instrumented run of the tests before this run, or "".
	tested string
	// watching is set when the step leaks searches what the others write.
	watching bool

	build    sync.Once
	buildErr error
	// watchedBuild is for a program that writes what leaks searches.
	watchedBuild    sync.Once
	watchedBuildErr error

	db       sync.Once
	dynamodb *service.Service
	dbErr    error
	watch    sync.Once
	watchErr error
}

// steps returns all steps in the order in which they start. Those that leave a core idle stand beside each other, with the longest, sam-local,
// first.
func (v *verification) steps() []runner.Step {
	steps := []runner.Step{
		{Name: "lint", Tools: words("golangci-lint shellcheck cfn-lint sam"), Run: makeTarget("lint")},
		{Name: "supply", Run: supply},
		{Name: "build", Tools: words("sam"), Figures: regexp.MustCompile(`[A-Za-z]*Function: zip of .*`), Run: buildFunctions},
		{Name: "vuln", Run: vuln},
		{Name: testStep, Tools: words("java mvn cc"), Alone: true, Run: v.test},
		{Name: "sam-local", Tools: words("sam java mvn docker"), Figures: regexp.MustCompile(`[0-9]+ (cases|events).*`), Run: v.samLocal},
		{Name: openapiStep, Tools: words("schemathesis curl"), Figures: regexp.MustCompile(`Tested: .*|[0-9]+ generated, .*`), Run: v.openapi},
		{Name: "generators", Tools: words("curl npm node python3"), Figures: regexp.MustCompile(`.*: generated, compiled, used`), Run: v.generators},
		{Name: examplesStep, Tools: words("curl java javac jq mvn node npm php python3 ruby"), Figures: regexp.MustCompile(`.*: listed, created, deleted, refused`), Run: v.examples},
		{Name: "introspection", Tools: words("apache2 java mvn node python3"), Run: introspection},
		{Name: deployedStep, Tools: words("sam python3"), Figures: regexp.MustCompile(`known gap in .*`), Run: v.deployed},
		{Name: "keycloak", Tools: words("java mvn python3 sam"), Run: keycloak},
		{Name: "protect", Tools: words("curl jq node npm python3 sam"), Run: protect},
		{Name: "unleash", Tools: unleashTools(), Figures: regexp.MustCompile(`[0-9]+ requests to each, .*`), Run: unleash},
		{Name: "privilege", Tools: words("java mvn"), Run: v.privilege},
		{Name: "import", Tools: words("java mvn psql"), Figures: regexp.MustCompile(`[A-Za-z]+( Local)?: [0-9]+ (users with|imported tokens) .*`), Run: v.importUsers},
	}
	steps = append(steps, v.harnessSteps()...)
	return append(steps,
		runner.Step{Name: "lighthouse", Tools: words("chromium node npm"), Alone: true, Run: lighthouse},
		runner.Step{Name: "fuzz", Alone: true, Run: fuzzStep},
		runner.Step{Name: leaksStep, Alone: true, Figures: regexp.MustCompile(`allowed: .*`), Run: v.leaks},
		runner.Step{Name: "bench", Tools: words("java mvn npm psql python3 wrk"), Alone: true, Figures: regexp.MustCompile(`.* (not )?reached.*`), Run: v.bench},
	)
}

// protect deploys the stacks of examples/protect. They mostly wait for SAM CLI, so more of them run side by side than there are cores.
func protect(ctx context.Context, job *runner.Job) error {
	env := []string{"PATS_DEPLOYED=true"}
	return job.RunWith(ctx, env, "go", "test", "-count=1", "-parallel=6", "-timeout=20m", "-v", "./infra/contract/protect")
}

// introspection tries the OAuth clients of several languages.
func introspection(ctx context.Context, job *runner.Job) error {
	env := []string{"PATS_OAUTH_CLIENTS=true"}
	return runner.Steps(
		func() error { return job.Run(ctx, "infra/contract/introspection/install") },
		func() error {
			return job.RunWith(ctx, env, "go", "test", "-count=1", "-v", "./infra/contract/introspection")
		},
	)
}

// keycloak signs people in at Keycloak, on the laptop's stack and on the deployed one.
func keycloak(ctx context.Context, job *runner.Job) error {
	env := []string{"PATS_KEYCLOAK=true", "PATS_DEPLOYED=true"}
	return job.RunWith(ctx, env, "go", "test", "-count=1", "-timeout=15m", "-v", "./infra/contract/keycloak")
}

// lighthouse measures the page's first view, a few times because times vary.
func lighthouse(ctx context.Context, job *runner.Job) error {
	return job.RunWith(ctx, []string{"PATS_ROUNDS=3"}, "go", "test", "-count=1", "-v", "-run=TestLighthouse", "./infra/contract/browser")
}

func words(text string) []string { return strings.Fields(text) }

func makeTarget(target string) func(context.Context, *runner.Job) error {
	return func(ctx context.Context, job *runner.Job) error { return job.Run(ctx, "make", target) }
}

// buildCommand builds bin/pats, once for all steps.
func (v *verification) buildCommand(ctx context.Context, job *runner.Job) error {
	v.build.Do(func() { v.buildErr = job.Run(ctx, "make", "build") })
	return v.buildErr
}

// buildFunctions runs a bare sam build and examines the result.
func buildFunctions(ctx context.Context, job *runner.Job) error {
	folder, err := filepath.Abs(".aws-sam/build")
	if err != nil {
		return err
	}
	return runner.Steps(
		func() error { return os.RemoveAll(folder) },
		func() error { return job.RunWith(ctx, []string{"SAM_CLI_TELEMETRY=0"}, "sam", "build") },
		func() error {
			return job.RunWith(ctx, []string{"PATS_SAM_BUILD=" + folder}, "go", "test", "-count=1", "-v", "-run=TestBuild", "./infra/static/template")
		},
	)
}

// samLocal sends the HTTP cases and the events through sam local.
func (v *verification) samLocal(ctx context.Context, job *runner.Job) error {
	if err := v.buildCommand(ctx, job); err != nil {
		return err
	}
	admin, err := newAdminToken(ctx)
	if err != nil {
		return err
	}
	ready, err := readyFile("sam-local")
	if err != nil {
		return err
	}
	variables, err := samVariables(admin)
	if err != nil {
		return err
	}
	return beside(ctx, job, func() error {
		env := []string{"PATS_E2E_READY=" + ready, "PATS_E2E_ADMIN_TOKEN=" + admin.Secret}
		return job.RunWith(ctx, env, "go", "test", "-count=1", "-timeout=20m", "-v", "-run=SamLocal", "./infra/contract/e2e")
	}, slices.Concat([]string{"infra/services/sam-local/start", "--with-parent", "--ready-file", ready, "--port", samPort()}, variables)...)
}

// samVariables returns the arguments that make the functions accept the admin API token, and the reports of partners that derive from it.
func samVariables(admin adminToken) ([]string, error) {
	reporters, err := partners.New(admin.Secret)
	if err != nil {
		return nil, err
	}
	variables, err := reporters.Variables()
	arguments := []string{"--env", "ADMIN_TOKEN_HASH=" + admin.Hash}
	for _, variable := range variables {
		arguments = append(arguments, "--env", variable)
	}
	return arguments, err
}

func samPort() string {
	if port := os.Getenv("SAM_PORT"); port != "" {
		return port
	}
	return "3001"
}

func readyFile(step string) (string, error) { return filepath.Abs(filepath.Join(logs, step+".ready")) }

// beside runs work while a service of infra/services runs.
func beside(ctx context.Context, job *runner.Job, work func() error, command ...string) error {
	s, err := service.Start(ctx, service.Command{Args: command, Log: job})
	if err != nil {
		return err
	}
	return errors.Join(work(), s.Stop())
}

type adminToken struct{ Hash, Secret string }

func newAdminToken(ctx context.Context) (adminToken, error) {
	out, err := exec.CommandContext(ctx, "bin/pats", "admin-token", "new", "--output", "json").Output()
	if err != nil {
		return adminToken{}, err
	}
	var token adminToken
	return token, json.Unmarshal(out, &token)
}

// unleashTools are needed unless UNLEASH_URL names a running Unleash.
func unleashTools() []string {
	if os.Getenv("UNLEASH_URL") != "" {
		return nil
	}
	return words("npm psql")
}

// unleash sends the same requests to an Unleash and to pats. UNLEASH_URL and UNLEASH_ADMIN_TOKEN name one that runs, with no user but
// its first.
func unleash(ctx context.Context, job *runner.Job) error {
	compare := func(env ...string) error {
		return job.RunWith(ctx, env, "go", "test", "-count=1", "-v", "./infra/contract/unleash")
	}
	if os.Getenv("UNLEASH_URL") != "" {
		return compare()
	}
	ready, err := readyFile("unleash")
	if err != nil {
		return err
	}
	return beside(ctx, job, func() error {
		variables, err := service.ReadVariables(ready)
		if err != nil {
			return err
		}
		var env []string
		for key, value := range variables {
			env = append(env, key+"="+value)
		}
		return compare(env...)
	}, "infra/services/unleash/start", "--with-parent", "--ready-file", ready)
}

// privilege runs every HTTP case and event with each function under its own role, once: more rounds would repeat the cases.
func (v *verification) privilege(ctx context.Context, job *runner.Job) error {
	env, err := v.dynamodbEnv(ctx)
	if err != nil {
		return err
	}
	env = append(env, "PATS_ROUNDS=1")
	return job.RunWith(ctx, env, "go", "test", "-count=1", "-v", "-run=TestSuitePassesUnderTheRoles", "./infra/static/template")
}

// importUsers imports more users than the test does among the others.
func (v *verification) importUsers(ctx context.Context, job *runner.Job) error {
	env, err := v.dynamodbEnv(ctx)
	if err != nil {
		return err
	}
	env = append(env, "CI=true", "PATS_IMPORT_USERS=10000")
	return job.RunWith(ctx, env, "go", "test", "-count=1", "-v", "-run=^TestImport$", "./infra/contract/unleashimport")
}

// supply checks the modules, and that each binary's document names all that the binary is made of.
func supply(ctx context.Context, job *runner.Job) error {
	folder, err := filepath.Abs(filepath.Join(logs, "sbom"))
	if err != nil {
		return err
	}
	return runner.Steps(
		func() error { return job.Run(ctx, "infra/static/supply/check") },
		func() error { return os.RemoveAll(folder) },
		func() error { return job.Run(ctx, "infra/static/supply/sbom", folder) },
		func() error {
			return job.RunWith(ctx, []string{"PATS_SBOM=" + folder}, "go", "test", "-count=1", "-run=TestSBOM", "./infra/static/supply")
		},
	)
}

// bench measures just enough to show that every part of make bench works; the results mean little.
func (v *verification) bench(ctx context.Context, job *runner.Job) error {
	return runner.Steps(
		func() error { return v.buildCommand(ctx, job) },
		func() error { return job.Run(ctx, "go", "-C", "infra/bench", "run", ".", "run", "--quick") },
	)
}
