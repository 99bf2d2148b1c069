package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"pats/infra/testkit/service"
)

type serverCommand struct {
	Program string   `default:"bin/pats" placeholder:"FILE" help:"The command pats (default: ${default}, which make build builds)."`
	Command []string `arg:"" passthrough:"partial" help:"The command and its arguments."`
}

// Run serves a new data folder, which is removed at the end.
func (c *serverCommand) Run(ctx context.Context) (err error) {
	data, err := os.MkdirTemp("", "pats-server-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	log, err := os.Create(filepath.Join(data, "log")) //nolint:gosec // in a new folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	server, err := service.Start(ctx, service.Command{Args: []string{c.Program, "serve", "--listen", "127.0.0.1:0", "--data", data}, Log: log})
	if err != nil {
		return fmt.Errorf("%w (make build builds bin/pats)", err)
	}
	token, err := os.ReadFile(filepath.Join(data, "token")) //nolint:gosec // in a new folder
	if err == nil {
		env := []string{"PATS_URL=" + server.Ready, "PATS_TOKEN=" + strings.TrimSpace(string(token))}
		err = runCommandLine(ctx, c.Command, env)
	}
	return errors.Join(err, server.Stop())
}
