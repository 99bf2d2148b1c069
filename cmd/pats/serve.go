package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"syscall"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/boltstore"
	"pats/pkg/laptop"
)

type serveCommand struct {
	Listen    string            `default:"127.0.0.1:3000" placeholder:"HOST:PORT" help:"Address to listen on. Port 0 chooses a free one (default: 127.0.0.1:3000)."`
	Parameter map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Value for a parameter of the stack's template, such as PatsEnabled=false. Repeatable."`
	LogFormat string            `default:"text" enum:"text,json" placeholder:"text|json" help:"Format of the log on stderr, which has a line for each request (default: text)."`
	storeFlags
}

// Help returns the end of `pats serve --help`.
func (*serveCommand) Help() string {
	return `Routes, authorizers and error responses are those of the stack's template, with the values of its parameters.
The first start with a data file creates the user admin, with id 1 and the role Admin, and writes a token that is valid for
90 days to the file token next to the data file. Ctrl-C finishes the requests in progress; a second Ctrl-C stops at once.

Examples:
  pats serve
  pats serve --listen 127.0.0.1:3001 --data /tmp/trial
  pats serve --store dynamodb --table pats --endpoint http://127.0.0.1:8000
  pats serve --parameter Scopes=orders:read,orders:write@Editor
  pats serve --parameter PatsEnabled=false --parameter AuthorizerTtlSeconds=0`
}

// Run serves until ctx is done.
func (c *serveCommand) Run(ctx context.Context, e env, out *printer, typed typedFlags) (err error) {
	store, err := c.store(typed)
	if err != nil {
		return err
	}
	stack, err := c.stack()
	if err != nil {
		return err
	}
	opened, err := openToServe(ctx, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	e.warnOf(opened)
	log := c.logger(e)
	domain := e.domain(log)
	gateway, err := stack.Gateway(stack.Functions(opened, domain), domain)
	if err != nil {
		return err
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	startup := &startup{env: e, printer: out, store: store, service: stack.Service(opened, domain), address: listener.Addr()}
	if err := startup.welcome(ctx); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	// Most of the heap was used to check the data file, and is not needed to serve.
	go debug.FreeOSMemory()
	return serve(ctx, listener, gateway, log)
}

// gcPercent lets garbage grow to four times what is in use before it is collected. A server has little in use, so that costs a few
// megabytes, and only during requests.
const gcPercent = 400

// stack returns the template with the values of its parameters.
func (c *serveCommand) stack() (*laptop.Stack, error) {
	stack, err := laptop.Read(c.Parameter)
	if err != nil {
		return nil, failure.Misuse(err.Error(), "Is a --parameter wrong? Names and values are those of the stack's template.")
	}
	return stack, nil
}

// openToServe opens the store. For a locked data file, its advice differs from that of commands that can work through the server.
func openToServe(ctx context.Context, store target.Store) (*target.Opened, error) {
	opened, err := store.Open(ctx, true)
	if _, locked := errors.AsType[*boltstore.LockedError](err); locked {
		f := target.ExplainDataFile(err)
		f.Advice = "Another `pats serve` probably uses it. Stop that one, or choose another folder: `make run DATA=FOLDER`, or\n" +
			"`pats serve --data FOLDER`."
		return nil, f
	}
	return opened, err
}

func (c *serveCommand) logger(e env) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(e.stderr, nil))
}

// listen listens on the address of --listen. Errors: failure.Usage, failure.Failed.
func (c *serveCommand) listen(ctx context.Context) (net.Listener, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if _, invalid := strconv.ParseUint(port, 10, 16); err != nil || invalid != nil {
		return nil, failure.Misuse(fmt.Sprintf("--listen %q is not a HOST:PORT address", c.Listen), "For example: 127.0.0.1:3000.")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		other := nextPort(port)
		return nil, failure.New(failure.Failed, c.Listen+" is in use by another program",
			fmt.Sprintf("Choose another port: `make run PORT=%s`, or `pats serve --listen %s`.", other, net.JoinHostPort(host, other)))
	case err != nil:
		return nil, failure.New(failure.Failed, fmt.Sprintf("cannot listen: %v", err), "Choose an address of this machine and a free port: --listen 127.0.0.1:3000.")
	}
	return listener, nil
}

// nextPort returns a port to try instead of port.
func nextPort(port string) string {
	number, err := strconv.Atoi(port)
	if err != nil || number >= 1<<16-1 {
		return "3001"
	}
	return strconv.Itoa(number + 1)
}
