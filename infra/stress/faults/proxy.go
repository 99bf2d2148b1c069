package faults

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy passes requests on to DynamoDB, or does to them what its plan says. It is safe for concurrent use.
type Proxy struct {
	// URL is the base address.
	URL string

	server *http.Server
	target *url.URL
	// patience is how long the client waits for an answer.
	patience  time.Duration
	transport *http.Transport

	mu       sync.Mutex
	idle     *sync.Cond
	plan     Plan
	busy     int
	down     int
	requests map[string]int
	injected map[Fault]int
	seen     int
}

// Start puts a Proxy in front of the DynamoDB at target, for clients that wait for an answer as long as patience. It lets
// every request through until it is told otherwise, and ends with its test.
func Start(tb testing.TB, target string, patience time.Duration) *Proxy {
	tb.Helper()
	to, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{
		target: to, patience: patience, transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		plan: Never, requests: map[string]int{}, injected: map[Fault]int{},
	}
	p.idle = sync.NewCond(&p.mu)
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p.URL = "http://" + listener.Addr().String()
	p.server = &http.Server{
		Handler: p, ReadHeaderTimeout: patience, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	go func() { _ = p.server.Serve(&door{listener, p}) }()
	tb.Cleanup(p.close)
	return p
}

func (p *Proxy) close() {
	_ = p.server.Close()
	p.Settle()
	p.transport.CloseIdleConnections()
}

// door lets no connection in during an outage.
type door struct {
	net.Listener
	proxy *Proxy
}

func (d *door) Accept() (net.Conn, error) {
	for {
		connection, err := d.Listener.Accept()
		if err != nil || !d.proxy.isDown() {
			return connection, err
		}
		abort(connection)
	}
}

// Follow makes the Proxy follow another plan from the next request on, and counts from zero.
func (p *Proxy) Follow(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.seen = plan, 0
	clear(p.requests)
}

// Settle returns when no request is under way, also none whose client has gone, and no outage.
func (p *Proxy) Settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy > 0 || p.down > 0 {
		p.idle.Wait()
	}
}

// Requests says how many requests of each operation arrived since Follow.
func (p *Proxy) Requests() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.requests)
}

// Injected says how often the Proxy did each fault since Start.
func (p *Proxy) Injected() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.injected)
}

// ServeHTTP does to a request what the plan says.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := p.begin(operationOf(r))
	defer p.end()
	body, err := io.ReadAll(r.Body) // a server learns that its client is gone only after that
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch fault {
	case None:
		p.forward(w, r, nil)
	case Reset, Outage, Hang, Delay, Late:
		p.obstruct(w, r, fault)
	case Lost, Stall, Truncate, Cut, Empty, Rubbish, Corrupt:
		p.spoil(w, r, fault)
	default:
		refuse(w, r, fault, body)
	}
}

// begin counts a request and says what becomes of it.
func (p *Proxy) begin(operation string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := p.plan(Request{Operation: operation, N: p.seen}).in(operation)
	if p.down > 0 {
		fault = Reset
	}
	p.seen++
	p.busy++
	p.requests[operation]++
	if fault != None {
		p.injected[fault]++
	}
	return fault
}

func (p *Proxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.idle.Broadcast()
}

// forward sends the request to DynamoDB and its answer back, as change leaves it.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, change func(*http.Response) error) {
	proxy := &httputil.ReverseProxy{
		Transport:      p.transport,
		Rewrite:        func(pr *httputil.ProxyRequest) { pr.SetURL(p.target) },
		ModifyResponse: change,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	proxy.ServeHTTP(w, r)
}

// obstruct does what the network does ahead of DynamoDB.
func (p *Proxy) obstruct(w http.ResponseWriter, r *http.Request, fault Fault) {
	switch fault {
	case Reset:
		reset(w)
	case Outage:
		p.fail()
		reset(w)
	case Hang:
		<-r.Context().Done()
		reset(w)
	case Delay:
		wait(r.Context(), p.patience/8)
		p.forward(w, r, nil)
	case Late:
		lasting, cancel := detach(r)
		defer cancel()
		<-time.After(p.patience + p.patience/8)
		p.forward(w, lasting, lose)
	}
}

// spoil lets DynamoDB do what it is asked for, whatever the client does meanwhile, and spoils the answer.
func (p *Proxy) spoil(w http.ResponseWriter, r *http.Request, fault Fault) {
	lasting, cancel := detach(r)
	defer cancel()
	p.forward(w, lasting, map[Fault]func(*http.Response) error{
		Lost: lose,
		Stall: func(*http.Response) error {
			<-r.Context().Done()
			return errLost
		},
		Truncate: half,
		Cut:      cut,
		Empty:    empty,
		Rubbish:  rubbish,
		Corrupt:  corrupt,
	}[fault])
}

// detach gives the request a context that does not end when the client goes.
func detach(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	return r.WithContext(ctx), cancel
}

// wait waits, but not longer than ctx.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func refuse(w http.ResponseWriter, r *http.Request, fault Fault, body []byte) {
	switch {
	case fault == BadGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><body>Bad Gateway</body></html>")
	case fault == Conflict && operationOf(r) == transactWrite:
		cancelled.answer(w, body)
	default:
		refusals[fault].answer(w, body)
	}
}

// reset ends the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it is gone already
	}
	abort(connection)
}

func abort(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// fail begins an outage.
func (p *Proxy) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down++
	time.AfterFunc(outage, p.recover)
}

func (p *Proxy) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down--
	p.idle.Broadcast()
}

func (p *Proxy) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down > 0
}
