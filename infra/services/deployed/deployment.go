package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"pats/infra/testkit/ministack"
)

// deployment is a run of the command.
type deployment struct {
	options options
	// folder is where token, environment and logs are.
	folder string
	// log receives what the commands print.
	log *os.File

	emulator *ministack.Emulator
	pats     ministack.Pats
}

func (d *deployment) file(name string) string { return filepath.Join(d.folder, name) }

// run does one step after another, and returns when ctx is done.
func (d *deployment) run(ctx context.Context) error {
	steps := []struct {
		text string
		run  func(context.Context) error
	}{
		{"Starting ministack, an emulator of AWS (its first start fetches it with pip)", d.start},
		{"Building the functions and deploying template.yaml with SAM CLI", d.deploy},
		{"Creating user 1, an Admin, and a token", d.createToken},
	}
	for _, step := range steps {
		fmt.Println(step.text + " …")
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%w\nThe log is in %s.", err, d.shown("log")) //nolint:revive,staticcheck // a sentence for a user
		}
	}
	script := d.pats.Environment(d.emulator)
	if err := os.WriteFile(d.file("env"), []byte(script), 0o600); err != nil {
		return err
	}
	d.explain()
	select {
	case <-ctx.Done():
		return nil
	case <-d.emulator.Ended():
		return errors.New("ministack ended unexpectedly; its log is in " + d.shown("requests"))
	}
}

func (d *deployment) start(ctx context.Context) error {
	if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.options.Port))); err != nil { //nolint:noctx // it does not wait
		return fmt.Errorf("%w: choose another port with --port, or make deployed AWS_PORT=…", err)
	} else if err := listener.Close(); err != nil {
		return err
	}
	var err error
	d.emulator, err = ministack.Start(ctx, ministack.Options{Root: ".", Port: d.options.Port, Requests: d.file("requests"), Log: d.log})
	return err
}

func (d *deployment) deploy(ctx context.Context) (err error) {
	parameters := map[string]string{"Scopes": d.options.Scopes}
	maps.Copy(parameters, d.options.Parameters)
	d.pats, err = d.emulator.DeployPats(ctx, parameters)
	return err
}

// createToken creates the first user and token with the command, as an operator does after a deployment to AWS.
func (d *deployment) createToken(ctx context.Context) error {
	if err := os.RemoveAll(d.file("token")); err != nil {
		return err
	}
	err := d.command(ctx, "user", "create", "--username", "admin", "--role", "admin")
	if err != nil {
		return err
	}
	return d.command(ctx, "token", "create", "--user", "1", "--description", "deployed", "--token-file", d.file("token"))
}

// command runs bin/pats on the stack's table.
func (d *deployment) command(ctx context.Context, args ...string) error {
	command := exec.CommandContext(ctx, "bin/pats", args...) //nolint:gosec // this repository's program
	command.Env = append(d.emulator.Env(), d.pats.Variables()...)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("pats %s %s: %w\n%s", args[0], args[1], err, output)
	}
	return nil
}

func (d *deployment) explain() {
	fmt.Printf(`
pats is deployed at %[1]s
The token of user 1 is in %[2]s. Sign in with it at %[4]s, or try:
  curl -H "Authorization: $(cat %[2]s)" %[1]s/api/admin/user/tokens
Deploy other stacks beside it from another shell, after
  source %[3]s
docs/protect-your-api.md has examples. Ctrl-C stops the emulator and deletes everything in it.
`, d.pats.URL, d.shown("token"), d.shown("env"), d.pats.PageURL())
}

// shown returns the path of a file as a user can type it.
func (d *deployment) shown(name string) string {
	path := d.file(name)
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, path); err == nil {
			return relative
		}
	}
	return path
}

// close stops the emulator, and removes the files that refer to it.
func (d *deployment) close() error {
	if d.emulator != nil {
		_ = d.emulator.Stop() // Ctrl-C reaches it too, so it may have ended
	}
	return errors.Join(os.RemoveAll(d.file("token")), os.RemoveAll(d.file("env")))
}
