package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"syscall"

	"pats/cmd/pats/devlogin"
	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/boltstore"
	"pats/pkg/laptop"
)

type serveCommand struct {
	Listen    string            `default:"127.0.0.1:3000" placeholder:"HOST:PORT" help:"Address to listen on. Port 0 chooses a free one (default: 127.0.0.1:3000)."`
	Parameter map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Value for a parameter of the stack's template, such as PatsEnabled=false. Repeatable."`
	LogFormat string            `default:"text" enum:"text,json" placeholder:"text|json" help:"Format of the log on stderr, which has a line for each request (default: text)."`
	DevLogin  bool              `name:"dev-login" help:"Add an identity provider for development, where you sign in under any name with a code that the terminal shows. Only on 127.0.0.1."`
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
  pats serve --parameter PatsEnabled=false --parameter AuthorizerTtlSeconds=0
  pats serve --dev-login`
}

// Run serves until ctx is done.
func (c *serveCommand) Run(ctx context.Context, e env, out *printer, typed typedFlags) (err error) {
	store, err := c.store(typed)
	if err != nil {
		return err
	}
	if _, err := c.stack(nil); err != nil { // before the store is opened
		return err
	}
	opened, err := openToServe(ctx, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	e.warnOf(opened)
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	startup := &startup{env: e, printer: out, store: store, address: listener.Addr()}
	log := c.logger(e)
	handler, err := c.handler(startup, opened, log)
	if err != nil {
		return err
	}
	if err := startup.welcome(ctx); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	// Most of the heap was used to check the data file, and is not needed to serve.
	go debug.FreeOSMemory()
	return serve(ctx, listener, handler, log)
}

// gcPercent lets garbage grow to four times what is in use before it is collected. A server has little in use, so that costs a few
// megabytes, and only during requests.
const gcPercent = 400

// handler returns the API on a store, with the provider for development if there is one. It completes startup.
func (c *serveCommand) handler(s *startup, opened *target.Opened, log *slog.Logger) (http.Handler, error) {
	provider, err := c.provider(s)
	if err != nil {
		return nil, err
	}
	parameters := map[string]string{}
	if provider != nil {
		parameters = provider.Parameters()
	}
	stack, err := c.stack(parameters)
	if err != nil {
		return nil, err
	}
	domain := s.domain(log)
	gateway, err := stack.Gateway(stack.Functions(opened, domain), domain)
	if err != nil {
		return nil, err
	}
	s.service = stack.Service(opened, domain)
	if provider == nil {
		return gateway, nil
	}
	s.accessCode = provider.AccessCode()
	return devlogin.OnlyLocalHost(provider.Beside(gateway)), nil
}

// provider returns the provider of --dev-login, or nil. It is only for 127.0.0.1: whoever can see the terminal can sign in as anyone.
// Errors: failure.Usage.
func (c *serveCommand) provider(s *startup) (*devlogin.Provider, error) {
	if !c.DevLogin {
		return nil, nil
	}
	if address, ok := s.address.(*net.TCPAddr); !ok || !address.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		return nil, failure.Misuse("--dev-login is only for 127.0.0.1", "Leave out --listen, or choose a port: --listen 127.0.0.1:3001.")
	}
	return devlogin.New(s.url(), s.now)
}

// stack returns the template with the values of its parameters: those of --parameter, and others that it cannot have.
func (c *serveCommand) stack(others map[string]string) (*laptop.Stack, error) {
	parameters := maps.Clone(others)
	for name, value := range c.Parameter {
		if _, found := others[name]; found {
			return nil, failure.Misuse("--dev-login sets the parameter "+name, "Leave out --dev-login to use another provider.")
		}
		if parameters == nil {
			parameters = map[string]string{}
		}
		parameters[name] = value
	}
	stack, err := laptop.Read(parameters)
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
