// Package runtimeapi implements the Lambda Runtime API (version 2018-06-01), so that the real bootstrap binaries run outside Lambda:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Server serves one function process at a time.
type Server struct {
	listener  net.Listener
	http      *http.Server
	timeout   time.Duration
	waiting   chan struct{}
	events    chan []byte
	responses chan response
}

// response is a function's response to an event.
type response struct {
	body []byte
	// err is a failure that the function reported, in the invocation or before its first one.
	err error
}

// Start returns a Server that listens on a free port of 127.0.0.1. Each event has timeout until its deadline. Errors: those of listening.
func Start(ctx context.Context, timeout time.Duration) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the function: %w", err)
	}
	s := &Server{
		listener:  listener,
		timeout:   timeout,
		waiting:   make(chan struct{}, 1),
		events:    make(chan []byte),
		responses: make(chan response, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.succeed)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.fail)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.fail)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: timeout}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// Address returns the value for AWS_LAMBDA_RUNTIME_API.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close stops the server and every request in progress.
func (s *Server) Close() error { return s.http.Close() }

// AwaitReady returns when the function asks for an event: its initialization is complete. Errors: the failure that the function
// reported instead; ctx's.
func (s *Server) AwaitReady(ctx context.Context) error {
	select {
	case <-s.waiting:
		return nil
	case r := <-s.responses:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Invoke sends the function an event and returns the response. Errors: the failure that the function reported; ctx's.
func (s *Server) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case s.events <- event:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case r := <-s.responses:
		return r.body, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	select {
	case s.waiting <- struct{}{}:
	default:
	}
	select {
	case event := <-s.events:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(s.timeout).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:local")
		_, _ = w.Write(event)
	case <-r.Context().Done():
	}
}

func (s *Server) succeed(w http.ResponseWriter, r *http.Request) {
	s.receive(w, r, func(body []byte) response { return response{body: body} })
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request) {
	s.receive(w, r, func(body []byte) response { return response{err: errors.New(strings.TrimSpace(string(body)))} })
}

// receive passes the body of a request on as the response that parse returns for it.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, parse func([]byte) response) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	select {
	case s.responses <- parse(body):
		w.WriteHeader(http.StatusAccepted)
	case <-r.Context().Done():
	}
}
