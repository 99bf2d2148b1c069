package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"pats/cmd/pats/failure"
)

// The bounds of a connection. API Gateway allows an integration 29 seconds, and headers of 10,240 bytes; the gateway itself
// enforces the latter, with API Gateway's response.
const (
	readHeaderTimeout = 5 * time.Second
	exchangeTimeout   = 30 * time.Second
	idleTimeout       = time.Minute
	maxHeaderBytes    = 64 << 10
)

// stopTimeout is how long the requests in progress may take when the server stops. A function has less in the template.
const stopTimeout = 10 * time.Second

// serve serves requests until ctx is done, and then finishes those in progress.
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
		log.InfoContext(ctx, "stopping", "within", stopTimeout)
		return stop(ctx, server)
	}
}

// stop accepts no more requests and waits for those in progress.
func stop(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(failure.New(failure.Failed, "stopped before all requests were finished", ""), server.Close())
	}
	return nil
}
