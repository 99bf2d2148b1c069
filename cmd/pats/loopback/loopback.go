// Package loopback receives the code that a server's page hands to a program on this machine, by a redirect of the browser to a port of
// 127.0.0.1 (RFC 8252 §7.3).
package loopback

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ErrDenied means that the person in front of the browser denied the request.
var ErrDenied = errors.New("access was denied in the browser")

// The bounds of a connection. They are generous: the browser is on this machine.
const (
	requestTimeout = 10 * time.Second
	maxHeaderBytes = 32 << 10
	stopTimeout    = time.Second
)

// Listener listens on a free port of 127.0.0.1 for one code.
type Listener struct {
	server *http.Server
	port   int
	state  string
	// received has room for one result. Others are dropped.
	received chan received
}

type received struct {
	code string
	err  error
}

// Listen starts to listen. Only a redirect with state, which must be random, can deliver a code. Errors: those of the network.
func Listen(ctx context.Context, state string) (*Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return nil, errors.Join(errors.New("the listener has no port"), listener.Close())
	}
	l := &Listener{port: address.Port, state: state, received: make(chan received, 1)}
	l.server = &http.Server{
		Handler:        http.HandlerFunc(l.handle),
		ReadTimeout:    requestTimeout,
		WriteTimeout:   requestTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // its lines would quote what a browser sent
	}
	go func() { _ = l.server.Serve(listener) }()
	return l, nil
}

// Port returns the port on which l listens.
func (l *Listener) Port() int { return l.port }

// Code waits for the code. Errors: ErrDenied, those of ctx.
func (l *Listener) Code(ctx context.Context) (string, error) {
	select {
	case r := <-l.received:
		return r.code, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Close stops listening once the browser has its response.
func (l *Listener) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close()
	}
}

// handle serves the redirect. Any page in the browser, and any program on this machine, can send requests here: none but the page with the
// state can end the wait.
func (l *Listener) handle(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case r.Host != "127.0.0.1:"+strconv.Itoa(l.port): // a name that another site points to 127.0.0.1
		respond(w, http.StatusMisdirectedRequest, "This address is for the command pats.")
	case r.URL.Path != "/" || r.Method != http.MethodGet:
		respond(w, http.StatusNotFound, "There is nothing here.")
	case subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(l.state)) != 1:
		respond(w, http.StatusForbidden, "This is not the login that is in progress in the terminal.")
	case query.Get("error") != "":
		l.deliver(received{err: ErrDenied})
		respond(w, http.StatusOK, "The login was denied. You can close this tab.")
	case !validCode(query):
		respond(w, http.StatusBadRequest, "There is no code in the address.")
	default:
		l.deliver(received{code: query.Get("code")})
		respond(w, http.StatusOK, "You can close this tab and return to the terminal.")
	}
}

// validCode reports whether query has one code.
func validCode(query url.Values) bool {
	return len(query["code"]) == 1 && query.Get("code") != ""
}

func (l *Listener) deliver(r received) {
	select {
	case l.received <- r:
	default: // there is one already
	}
}

// respond shows text. The address of the page contains the code, so the page loads nothing and sends no referrer.
func respond(w http.ResponseWriter, status int, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	header.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<meta name="color-scheme" content="light dark"><title>pats login</title><main><h1>pats login</h1><p>`+text+`</p></main></html>`)
}
