package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"pats/pkg/boltstore"
)

type serveCommand struct {
	Listen    string            `default:"127.0.0.1:3000" placeholder:"HOST:PORT" help:"Where to listen; port 0 takes any free one (default: 127.0.0.1:3000)."`
	Parameter map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Another value for a parameter of the stack's template, such as PatsEnabled=false. May be repeated."`
	LogFormat string            `default:"text" enum:"text,json" placeholder:"text|json" help:"How the log on stderr is written, which has a line for each request (default: text)."`
}

// Help is what `pats serve --help` ends with.
func (*serveCommand) Help() string {
	return `Routes, authorizer and refusals are those of the stack's template, with the values of its parameters.
The first start with a data file makes the user admin, with id 1 and the role Admin, and a token of 90 days in the file
token beside the data file. Ctrl-C finishes the requests under way; a second one does not wait for them.

Examples:
  pats serve
  pats serve --listen 127.0.0.1:3001 --data /tmp/trial
  pats serve --store dynamodb --table pats --endpoint http://127.0.0.1:8000
  pats serve --parameter PatsEnabled=false --parameter AuthorizerTtlSeconds=0`
}

// Run serves until ctx is done.
func (c *serveCommand) Run(ctx context.Context, a *app) (err error) {
	stack, err := c.stack(a)
	if err != nil {
		return err
	}
	opened, err := a.openStore(ctx, true)
	if err != nil {
		return notServed(err)
	}
	defer func() { err = errors.Join(err, opened.close()) }()
	log := c.logger(a)
	gateway, err := stack.Gateway(opened.store, a.env(log))
	if err != nil {
		return err
	}
	listener, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	host := &host{app: a, service: stack.Service(opened.store, a.env(log)), at: listener.Addr()}
	if err := host.welcome(ctx); err != nil {
		return err
	}
	debug.SetGCPercent(gcPercent)
	// Most of the heap was for looking through the data file, and is not needed to serve.
	go debug.FreeOSMemory()
	return serve(ctx, listener, gateway, log)
}

// gcPercent lets garbage grow to twice what is in use before it is collected. A server has little in use, so that costs a few
// megabytes, and only while there are requests.
const gcPercent = 200

// notServed gives other advice for a locked data file than commands that could work through the server.
func notServed(err error) error {
	if _, locked := errors.AsType[*boltstore.LockedError](err); !locked {
		return err
	}
	f := explainDataFile(err)
	f.advice = "Most likely it serves the API already. Stop it first, or keep this one's data elsewhere: `make run DATA=FOLDER`,\n" +
		"or `pats serve --data FOLDER`."
	return f
}

func (c *serveCommand) logger(a *app) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, nil))
	}
	return slog.New(slog.NewTextHandler(a.stderr, nil))
}

func (c *serveCommand) listen(ctx context.Context) (net.Listener, error) {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, usage(fmt.Sprintf("--listen %q is no address", c.Listen), "It looks like 127.0.0.1:3000.")
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		other := otherPort(port)
		return nil, fail(exitFailed, c.Listen+" is taken by another program",
			fmt.Sprintf("Take another port: `make run PORT=%s`, or `pats serve --listen 127.0.0.1:%s`.", other, other))
	case err != nil:
		return nil, fail(exitFailed, fmt.Sprintf("cannot listen: %v", err), "Give this machine's address and a free port: --listen 127.0.0.1:3000.")
	}
	return listener, nil
}

// otherPort is a port to try instead.
func otherPort(port string) string {
	number, err := strconv.Atoi(port)
	if err != nil || number >= 1<<16-1 {
		return "3001"
	}
	return strconv.Itoa(number + 1)
}

// The bounds of a connection. API Gateway gives an integration 29 seconds, and takes headers of 10,240 bytes, which the
// gateway checks itself, with API Gateway's answer.
const (
	readHeaderTimeout = 5 * time.Second
	exchangeTimeout   = 30 * time.Second
	idleTimeout       = time.Minute
	maxHeaderBytes    = 64 << 10
)

// stopWithin is how long requests under way may take when the server is to stop. A function has less in the template.
const stopWithin = 10 * time.Second

// serve answers requests until ctx is done, and then finishes those under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       exchangeTimeout,
		WriteTimeout:      exchangeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	log.InfoContext(ctx, "serving", "address", listener.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		log.InfoContext(ctx, "stopping", "within", stopWithin)
		return stop(ctx, server)
	}
}

// stop takes no more requests and waits for those under way.
func stop(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fail(exitFailed, "stopped before every request was answered", ""), server.Close())
	}
	return nil
}
