package attack_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/figures"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// rawEnv is an env to which tests send bytes, with two users whom its responses name.
type rawEnv struct {
	*env
	address  string
	ann, bob string
}

func newRawEnv(t *testing.T) rawEnv {
	t.Helper()
	w := rawEnv{env: newEnv(t, laptoptest.NewStore(t), options{})}
	w.address = strings.TrimPrefix(w.URL, "http://")
	_, w.ann = w.newToken(t, w.newUser(t, pat.Profile{Username: "ann", Role: pat.Viewer}), "own", time.Hour)
	_, w.bob = w.newToken(t, w.newUser(t, pat.Profile{Username: "bob", Role: pat.Viewer}), "own", time.Hour)
	return w
}

// connectionTimeout bounds the wait for a connection to close.
const connectionTimeout = 20 * time.Second

// exchangeBytes sends bytes and returns a summary of the responses until the connection closes: for each the name of the user in it,
// or its status, and "open" if the connection does not close.
func (w rawEnv) exchangeBytes(t *testing.T, text string) string {
	t.Helper()
	dialer := net.Dialer{Timeout: connectionTimeout}
	conn, err := dialer.DialContext(t.Context(), "tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(connectionTimeout)); err != nil {
		t.Fatal(err)
	}
	// A server can refuse and close before it has read everything, so that there is a response in spite of a write error.
	go func() { _, _ = io.WriteString(conn, text) }()
	var summaries []string
	reader := bufio.NewReader(conn)
	for {
		summary, err := readResponse(reader)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return strings.Join(append(summaries, "open"), " ")
		}
		if err != nil {
			return strings.Join(summaries, " ")
		}
		summaries = append(summaries, summary)
	}
}

// readResponse returns the summary of one response.
func readResponse(reader *bufio.Reader) (string, error) {
	got, err := http.ReadResponse(reader, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return "", err
	}
	var body struct {
		User struct {
			Username string `json:"username"`
		} `json:"user"`
	}
	if json.Unmarshal(text, &body) == nil && body.User.Username != "" {
		return body.User.Username, nil
	}
	return strconv.Itoa(got.StatusCode), nil
}

// fill joins lines with CRLF and inserts the users' tokens.
func (w rawEnv) fill(lines ...string) string {
	text := strings.Join(lines, "\r\n")
	return strings.NewReplacer("{ann}", w.ann, "{bob}", w.bob).Replace(text)
}

// The parts of most requests. The last request closes the connection.
const (
	get   = "GET /api/admin/user HTTP/1.1\r\nHost: a"
	post  = "POST /api/admin/user HTTP/1.1\r\nHost: a"
	asAnn = "Authorization: {ann}"
	asBob = "Authorization: {bob}"
	last  = "Connection: close"
	// hidden is a request without a token, and hiddenBob one with Bob's.
	hidden    = get + "\r\n" + last + "\r\n\r\n"
	hiddenBob = get + "\r\n" + asBob + "\r\n" + last + "\r\n\r\n"
)

var smuggled = map[string]struct {
	lines []string
	want  string
}{
	"two requests": {[]string{get, asAnn, "", get, asBob, last, "", ""}, "ann bob"},
	"two requests, the second without a token": {[]string{get, asAnn, "", hidden}, "ann 401"},

	"a request as body":                 {[]string{get, asAnn, last, length(hidden), "", hidden}, "ann"},
	"a request as body, another's":      {[]string{get, asAnn, last, "Content-Length: 140", "", hiddenBob + strings.Repeat(" ", 200)}, "ann"},
	"a request beyond the body":         {[]string{post, asAnn, "Content-Length: 0", "", hidden}, "404 401"},
	"two lengths, the other way round":  {[]string{get, asAnn, length(hidden), "Content-Length: 0", "", hidden}, "400"},
	"two lengths in one":                {[]string{get, asAnn, "Content-Length: 0, 5", "", hidden}, "400"},
	"one length twice":                  {[]string{get, asAnn, last, length(hidden), length(hidden), "", hidden}, "ann"},
	"a length with a sign":              {[]string{get, asAnn, "Content-Length: +0", "", hidden}, "400"},
	"a length below zero":               {[]string{get, asAnn, "Content-Length: -1", "", hidden}, "400"},
	"a length beyond 64 bits":           {[]string{get, asAnn, "Content-Length: 18446744073709551616", "", hidden}, "400"},
	"a length and a blank in its name":  {[]string{get, asAnn, "Content-Length : 0", "", hidden}, "400"},
	"a length in a folded line":         {[]string{get, asAnn, "Content-Length:", " 0", "", hidden}, "ann 401"},
	"an empty length":                   {[]string{get, asAnn, "Content-Length:", "", hidden}, "400"},
	"a length and chunks":               {[]string{get, asAnn, length("0\r\n\r\n" + hidden), "Transfer-Encoding: chunked", "", "0", "", hidden}, "ann 401"},
	"chunks and a length":               {[]string{get, asAnn, "Transfer-Encoding: chunked", "Content-Length: 3", "", "0", "", hidden}, "ann 401"},
	"chunks twice":                      {[]string{get, asAnn, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "", "0", "", hidden}, "501"},
	"chunks and identity":               {[]string{get, asAnn, "Transfer-Encoding: chunked, identity", "", "0", "", hidden}, "501"},
	"an unknown transfer encoding":      {[]string{get, asAnn, "Transfer-Encoding: xchunked", "Content-Length: 0", "", hidden}, "501"},
	"chunks and a vertical tab":         {[]string{get, asAnn, "Transfer-Encoding: \x0bchunked", "Content-Length: 0", "", hidden}, "400"},
	"chunks and a blank in the name":    {[]string{get, asAnn, "Transfer-Encoding : chunked", "Content-Length: 0", "", hidden}, "400"},
	"chunks of gzip":                    {[]string{get, asAnn, "Transfer-Encoding: gzip, chunked", "", "0", "", hidden}, "501"},
	"chunks in HTTP/1.0":                {[]string{"GET /api/admin/user HTTP/1.0", asAnn, "Transfer-Encoding: chunked", "", "0", "", hidden}, "ann"},
	"a chunk with a sign":               {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "", "-1", hidden}, "400"},
	"a chunk in 0x":                     {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "", "0x5", hidden}, "400"},
	"a chunk beyond 64 bits":            {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "", "10000000000000000", hidden}, "400"},
	"a chunk longer than its size":      {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "", "1", hidden, "0", "", ""}, "400"},
	"a chunk's end without a return":    {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "", "1\nx", "0", "", hidden}, "400"},
	"a chunk's extension":               {[]string{get, asAnn, "Transfer-Encoding: chunked", "", "1;x=\"" + strings.Repeat("y", 100) + "\"", "x", "0", "", hidden}, "ann 401"},
	"the header as trailer":             {[]string{get, last, "Transfer-Encoding: chunked", "Trailer: Authorization", "", "0", asBob, "", ""}, "401"},
	"another's header as trailer":       {[]string{get, asAnn, last, "Transfer-Encoding: chunked", "Trailer: Authorization", "", "0", asBob, "", ""}, "ann"},
	"a request as trailer":              {[]string{get, asAnn, "Transfer-Encoding: chunked", "", "0", hiddenBob}, "400"},
	"a body after Expect":               {[]string{get, asAnn, last, "Expect: 100-continue", length(hidden), "", hidden}, "100 ann"},
	"an unknown Expect":                 {[]string{get, asAnn, "Expect: nothing", length(hidden), "", hidden}, "417"},
	"an upgrade":                        {[]string{get, asAnn, "Connection: close, Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "", ""}, "ann"},
	"an upgrade, and HTTP/2 behind it":  {[]string{get, asAnn, "Connection: Upgrade", "Upgrade: h2c", "", "PRI * HTTP/2.0", "", "SM", "", ""}, "ann 403"},
	"a line end without a return":       {[]string{"GET /api/admin/user HTTP/1.1\nHost: a\n" + asAnn + "\n" + last + "\n\n" + hiddenBob}, "ann"},
	"a return without a line end":       {[]string{get, asAnn + "\rX: y", "", hidden}, "400"},
	"a header after a lone return":      {[]string{get, "X: y\r" + asAnn, last, "", ""}, "400"},
	"a header after a lone line feed":   {[]string{get, "X: y\n" + asAnn, last, "", ""}, "ann"},
	"a header after two line feeds":     {[]string{get, last, "X: y\n\n" + asAnn, "", ""}, "401"},
	"two hosts":                         {[]string{get, "Host: b", asAnn, last, "", ""}, "400"},
	"no host":                           {[]string{"GET /api/admin/user HTTP/1.1", asAnn, last, "", ""}, "400"},
	"a host with a path":                {[]string{"GET /api/admin/user HTTP/1.1", "Host: a/docs/openapi.json?", asAnn, last, "", ""}, "400"},
	"the absolute form":                 {[]string{"GET http://a/api/admin/user HTTP/1.1", "Host: a", asAnn, last, "", ""}, "ann"},
	"the absolute form, no token":       {[]string{"GET http://a/api/admin/user HTTP/1.1", "Host: a", last, "", ""}, "401"},
	"the absolute form, another host":   {[]string{"GET http://b/docs/../api/admin/user HTTP/1.1", "Host: a", last, "", ""}, "401"},
	"the absolute form, user and token": {[]string{"GET http://user:{ann}@a/api/admin/user HTTP/1.1", "Host: a", last, "", ""}, "401"},
	"the absolute form of a file":       {[]string{"GET file:///api/admin/user HTTP/1.1", "Host: a", last, "", ""}, "401"},
	"the asterisk form":                 {[]string{"OPTIONS * HTTP/1.1", "Host: a", asAnn, last, "", ""}, "200"},
	"the asterisk form of GET":          {[]string{"GET * HTTP/1.1", "Host: a", asAnn, last, "", ""}, "404"},
	"the authority form":                {[]string{"CONNECT a:443 HTTP/1.1", "Host: a", asAnn, last, "", ""}, "403"},
	"a line end before the request":     {[]string{"", get, asAnn, last, "", ""}, "400"},
	"HTTP/1.0":                          {[]string{"GET /api/admin/user HTTP/1.0", asAnn, "", hidden}, "ann"},
	"HTTP/1.9":                          {[]string{"GET /api/admin/user HTTP/1.9", "Host: a", asAnn, last, "", ""}, "ann"},
	"HTTP/2 with prior knowledge":       {[]string{"PRI * HTTP/2.0", "", "SM", "", ""}, "403"},
}

// TestSmuggling: requests that no HTTP client sends are refused, or are one request, or are several that are each authorized by
// their own header.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	w := newRawEnv(t)
	for name, c := range smuggled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := w.exchangeBytes(t, w.fill(c.lines...)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func length(body string) string { return fmt.Sprintf("Content-Length: %d", len(body)) }

// pieces are the parts of random requests. Ann's token is in each request at most once, and Bob's in none.
var pieces = struct{ lines, headers, ends, bodies []string }{
	lines: []string{
		get, get, get, post, "GET /docs/openapi.json HTTP/1.1\r\nHost: a", "HEAD /api/admin/user HTTP/1.1\r\nHost: a",
		"GET http://a/api/admin/user HTTP/1.1\r\nHost: a", "GET /api/admin/user HTTP/1.0", "get /api/admin/user HTTP/1.1\r\nHost: a",
	},
	headers: []string{
		"Content-Length: 0", "Content-Length: 5", "Content-Length: 60", "Content-Length: 0, 60", "Content-Length: +5", "Content-Length : 5",
		"Content-Length:\r\n 5", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding: identity",
		"Transfer-Encoding: x, chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked\r", "X: y\r\n z",
		"X: y\nTransfer-Encoding: chunked", "Connection: keep-alive", "Connection: Authorization", "Expect: 100-continue", "Upgrade: h2c",
		"Trailer: Authorization", "X-HTTP-Method-Override: POST", "\x00: y", "X\x7f: y",
	},
	ends:   []string{"\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n\r\n", "\n\n", "\r\n "},
	bodies: []string{"0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n", "3\r\nabcde\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "1;x\r\na\r\n0\r\n\r\n", "abcde", "50\r\n", ""},
}

// jumble returns a random request with Ann's token, followed by requests without a token. The last ones close the connection,
// however the first was read.
func jumble(random *mathrand.Rand) string {
	one := func(of []string) string { return of[random.IntN(len(of))] }
	headers := []string{asAnn}
	for range random.IntN(4) {
		headers = append(headers, one(pieces.headers))
	}
	random.Shuffle(len(headers), func(i, k int) { headers[i], headers[k] = headers[k], headers[i] })
	text := &strings.Builder{}
	text.WriteString(one(pieces.lines))
	for _, header := range headers {
		text.WriteString(one(pieces.ends) + header)
	}
	text.WriteString(one(pieces.ends) + "\r\n")
	for range random.IntN(3) {
		text.WriteString(one(pieces.bodies) + get + one(pieces.ends) + one(pieces.headers) + one(pieces.ends) + "\r\n")
	}
	return text.String() + strings.Repeat("\r\n"+hidden, 3)
}

// payloads is the number of random requests in a round.
const payloads = 200

// TestRandomSmuggling: Ann's token, which is in the bytes once, gets at most one response about her.
func TestRandomSmuggling(t *testing.T) {
	t.Parallel()
	w := newRawEnv(t)
	sent, about, confused := 0, 0, 0
	for round := range figures.Rounds(t, 1) {
		seed := figures.Seed(t) + uint64(round)
		random := mathrand.New(mathrand.NewPCG(seed, 0))
		for range payloads {
			text := jumble(random)
			got := w.exchangeBytes(t, w.fill(text))
			sent++
			about += strings.Count(got, "ann")
			if isConfused(got) || strings.HasSuffix(got, "open") {
				confused++
				t.Errorf("seed %d: %q got %q, want at most one response about Ann, and the connection closed", seed, text, got)
			}
		}
	}
	if about < sent/20 {
		t.Errorf("got %d responses about Ann to %d requests, want more, since otherwise nothing is tested", about, sent)
	}
	figures.Print(t, "smuggling", figures.Count{Name: "payloads", N: sent}, figures.Count{Name: "confused", N: confused})
}

func isConfused(responses string) bool {
	return strings.Count(responses, "ann") > 1 || strings.Contains(responses, "bob")
}

// TestConfusionIsFound plants the fault: a proxy that adds the token of a connection's earlier requests.
func TestConfusionIsFound(t *testing.T) {
	t.Parallel()
	w := newRawEnv(t)
	w.address = startConfusedProxy(t, w.URL)
	random := mathrand.New(mathrand.NewPCG(1, 0))
	confused := 0
	for range payloads {
		if isConfused(w.exchangeBytes(t, w.fill(jumble(random)))) {
			confused++
		}
	}
	if confused == 0 {
		t.Error("got no confusion, want it found")
	}
}

type callerKey struct{}

// startConfusedProxy starts a proxy that sends a connection's last token with requests that have none, and returns its address.
func startConfusedProxy(t *testing.T, to string) string {
	t.Helper()
	at, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		known, _ := r.In.Context().Value(callerKey{}).(*atomic.Value)
		if own := r.In.Header.Get("Authorization"); own != "" {
			known.Store(own)
		} else if before, ok := known.Load().(string); ok {
			r.Out.Header.Set("Authorization", before)
		}
	}}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, callerKey{}, &atomic.Value{})
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
