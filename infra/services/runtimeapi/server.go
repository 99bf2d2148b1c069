// Package runtimeapi stands in for the Lambda Runtime API (version 2018-06-01), so that the real bootstrap binaries run
// outside Lambda: it hands out the events given to it one by one and collects the answers.
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

// Server serves one function process at a time on a loopback port of its own.
type Server struct {
	listener net.Listener
	http     *http.Server
	timeout  time.Duration
	waiting  chan struct{}
	events   chan []byte
	answers  chan Answer
}

// Answer is what the function made of an event.
type Answer struct {
	Body []byte
	// Err is what the function reported as its failure, in the invocation or before its first one.
	Err error
}

// Start listens on 127.0.0.1. timeout is what each event says is left for it.
func Start(ctx context.Context, timeout time.Duration) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the function: %w", err)
	}
	s := &Server{
		listener: listener,
		timeout:  timeout,
		waiting:  make(chan struct{}, 1),
		events:   make(chan []byte),
		answers:  make(chan Answer, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.failure)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: timeout}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// Address is the value of AWS_LAMBDA_RUNTIME_API.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close ends the server and every call under way.
func (s *Server) Close() error { return s.http.Close() }

// AwaitReady returns when the function asks for an event: its initialisation is over. Errors: what the function reported
// instead, or the context's.
func (s *Server) AwaitReady(ctx context.Context) error {
	select {
	case <-s.waiting:
		return nil
	case answer := <-s.answers:
		return answer.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Invoke gives the function an event and waits for the answer. Errors: what the function reported, or the context's.
func (s *Server) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case s.events <- event:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case answer := <-s.answers:
		return answer.Body, answer.Err
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

func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(body []byte) Answer { return Answer{Body: body} })
}

func (s *Server) failure(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, func(body []byte) Answer { return Answer{Err: errors.New(strings.TrimSpace(string(body)))} })
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, make func([]byte) Answer) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	select {
	case s.answers <- make(body):
		w.WriteHeader(http.StatusAccepted)
	case <-r.Context().Done():
	}
}
