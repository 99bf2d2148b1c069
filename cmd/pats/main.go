// Command pats serves the API of personal access tokens on this machine, and administers users and tokens in a data file, in a
// DynamoDB table, or through a server.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/cli/browser"
	"golang.org/x/term"

	"pats/cmd/pats/failure"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a token that a closed pipe does not accept has to be revoked
	ctx := untilSignal(func() { os.Exit(int(failure.Interrupted)) })
	os.Exit(int(run(ctx, os.Args[1:], env{
		program:  os.Args[0],
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:   os.Getenv,
		now:      time.Now,
		build:    debug.ReadBuildInfo,

		configFolder: os.UserConfigDir,
		hostname:     os.Hostname,
		openBrowser:  openBrowser,
	})))
}

// maxStop bounds the time from a signal to the end of the process. It is longer than a server finishes its requests.
const maxStop = stopTimeout + 5*time.Second

// untilSignal returns a context that the first SIGINT or SIGTERM cancels. A second one has its default action, and exit is called
// if the process has not ended after maxStop: a write to a full pipe does not heed a context.
func untilSignal(exit func()) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
		time.AfterFunc(maxStop, exit)
	}()
	return ctx
}

// env is the environment of the command.
type env struct {
	// program is the name under which the command was called, for command lines that it prints.
	program string
	stdin   io.Reader
	// stdout receives results; stderr receives messages, progress and logs, and never a secret.
	stdout, stderr io.Writer
	// terminal reports whether stderr is a terminal.
	terminal bool
	getenv   func(name string) string
	now      func() time.Time
	build    func() (*debug.BuildInfo, bool)
	// configFolder returns the folder of the user's configuration files, which can be missing.
	configFolder func() (string, error)
	hostname     func() (string, error)
	// openBrowser shows the page at an address to the user. It can return only when the browser is closed.
	openBrowser func(address string) error
}

// openBrowser opens the user's browser. What that prints is dropped: the address is on the terminal already.
func openBrowser(address string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	return browser.OpenURL(address)
}
