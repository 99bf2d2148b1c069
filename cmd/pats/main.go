// Command pats serves the API of personal access tokens on this machine, and administers users and tokens in a data file or
// in a DynamoDB table.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], world{
		program:  os.Args[0],
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:   os.Getenv,
		now:      time.Now,
		build:    debug.ReadBuildInfo,
	}))
}

// untilSignal is a context that the first SIGINT or SIGTERM ends. A second one has its default action: it ends the process.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
	}()
	return ctx
}

// world is what the command finds around it.
type world struct {
	// program is how the command was called, for command lines that it prints.
	program string
	// stdout gets answers; stderr gets messages, progress and logs, and never a secret.
	stdout, stderr io.Writer
	// terminal says whether a person watches stderr.
	terminal bool
	getenv   func(name string) string
	now      func() time.Time
	build    func() (*debug.BuildInfo, bool)
}
