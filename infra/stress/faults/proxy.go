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

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
)

// Proxy forwards requests to DynamoDB, or makes them fail as its plan says. It is safe for concurrent use.
type Proxy struct {
	// URL is the base address.
	URL string

	server *http.Server
	target *url.URL
	// timeout is the client's timeout.
	timeout   time.Duration
	transport *http.Transport

	mu       sync.Mutex
	idle     *sync.Cond
	plan     Plan
	pending  int
	outages  int
	requests map[string]int
	injected map[Fault]int
	observed int
}

// Start starts a Proxy in front of the DynamoDB at target, for clients with the given timeout. It forwards every request until
// Follow, and ends with the test.
func Start(tb testing.TB, target string, timeout time.Duration) *Proxy {
	tb.Helper()
	to, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{
		target: to, timeout: timeout, transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		plan: Never, requests: map[string]int{}, injected: map[Fault]int{},
	}
	p.idle = sync.NewCond(&p.mu)
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p.URL = "http://" + listener.Addr().String()
	p.server = &http.Server{
		Handler: p, ReadHeaderTimeout: timeout, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	go func() { _ = p.server.Serve(&outageListener{listener, p}) }()
	tb.Cleanup(p.close)
	return p
}

// InFrontOfDynamoDB starts a Proxy in front of DynamoDB Local, and returns the settings of a client of the Proxy. It skips the test
// where DynamoDB Local is not available.
func InFrontOfDynamoDB(tb testing.TB) (*Proxy, dynamostore.Settings) {
	tb.Helper()
	settings := dynamotest.Settings(tb)
	client, ok := dynamostore.NewClient(settings).Options().HTTPClient.(*awshttp.BuildableClient)
	if !ok || client.GetTimeout() <= 0 {
		tb.Fatal("the client has no timeout")
	}
	proxy := Start(tb, settings.Endpoint, client.GetTimeout())
	settings.Endpoint = proxy.URL
	return proxy, settings
}

func (p *Proxy) close() {
	_ = p.server.Close()
	p.Settle()
	p.transport.CloseIdleConnections()
}

// outageListener resets new connections during an outage.
type outageListener struct {
	net.Listener
	proxy *Proxy
}

func (d *outageListener) Accept() (net.Conn, error) {
	for {
		connection, err := d.Listener.Accept()
		if err != nil || !d.proxy.inOutage() {
			return connection, err
		}
		abort(connection)
	}
}

// Follow replaces the plan and resets the counts of requests.
func (p *Proxy) Follow(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.observed = plan, 0
	clear(p.requests)
}

// Settle returns when there is no request under way, even one whose client is gone, and no outage.
func (p *Proxy) Settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.pending > 0 || p.outages > 0 {
		p.idle.Wait()
	}
}

// Requests returns the number of requests of each operation since Follow.
func (p *Proxy) Requests() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.requests)
}

// Injected returns the number of injected faults of each kind since Start.
func (p *Proxy) Injected() map[Fault]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.injected)
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := p.begin(operationOf(r))
	defer p.end()
	body, err := io.ReadAll(r.Body) // only then does the server notice that its client is gone
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch fault {
	case None:
		p.forward(w, r, nil)
	case Reset, Outage, Hang, Delay, Late:
		p.failBefore(w, r, fault)
	case Lost, Stall, Truncate, Cut, Empty, Garbage, Corrupt:
		p.failAfter(w, r, fault)
	default:
		refuse(w, r, fault, body)
	}
}

// begin counts a request and returns its fault.
func (p *Proxy) begin(operation string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	fault := p.plan(Request{Operation: operation, N: p.observed}).forOperation(operation)
	if p.outages > 0 {
		fault = Reset
	}
	p.observed++
	p.pending++
	p.requests[operation]++
	if fault != None {
		p.injected[fault]++
	}
	return fault
}

func (p *Proxy) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
	p.idle.Broadcast()
}

// forward forwards the request to DynamoDB, and the response as changed by change.
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

// failBefore injects a fault of the network in front of DynamoDB.
func (p *Proxy) failBefore(w http.ResponseWriter, r *http.Request, fault Fault) {
	switch fault {
	case Reset:
		reset(w)
	case Outage:
		p.beginOutage()
		reset(w)
	case Hang:
		<-r.Context().Done()
		reset(w)
	case Delay:
		wait(r.Context(), p.timeout/8)
		p.forward(w, r, nil)
	case Late:
		lasting, cancel := detach(r)
		defer cancel()
		<-time.After(p.timeout + p.timeout/8)
		p.forward(w, lasting, dropResponse)
	}
}

// failAfter forwards the request, even if the client is gone, and damages the response.
func (p *Proxy) failAfter(w http.ResponseWriter, r *http.Request, fault Fault) {
	lasting, cancel := detach(r)
	defer cancel()
	p.forward(w, lasting, map[Fault]func(*http.Response) error{
		Lost: dropResponse,
		Stall: func(*http.Response) error {
			<-r.Context().Done()
			return errDropped
		},
		Truncate: truncateBody,
		Cut:      cutBody,
		Empty:    emptyBody,
		Garbage:  garbage,
		Corrupt:  corruptBody,
	}[fault])
}

// detach returns the request with a context that does not end when the client is gone.
func detach(r *http.Request) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	return r.WithContext(ctx), cancel
}

// wait returns after d or when ctx is done.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
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
		cancelled.write(w, body)
	default:
		errorResponses[fault].write(w, body)
	}
}

// reset ends the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the connection has ended
	}
	abort(connection)
}

func abort(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// beginOutage begins an outage.
func (p *Proxy) beginOutage() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outages++
	time.AfterFunc(outage, p.endOutage)
}

func (p *Proxy) endOutage() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outages--
	p.idle.Broadcast()
}

func (p *Proxy) inOutage() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outages > 0
}
