package attack_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/page"
)

// hostile are texts that callers put wherever a page might repeat them: other origins, markup, line breaks, and paths that leave a folder.
var hostile = []string{
	"evil.example", "//evil.example", `/\evil.example`, "https://evil.example/", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
	`"><script>alert(1)</script>`, "'><img src=x onerror=alert(1)>", "{{base}}", "{{script}}", "%0d%0aSet-Cookie:%20a=b", "%2e%2e%2f%2e%2e%2f",
	"..;/", "/..//..", "%00", "\u202e", "page.html", "static/page.html",
}

// TestPageRepeatsNothing sends hostile texts in every part of requests for the page and its files. Whatever they are, a browser gets the
// same page for the same origin, or an error without the text, and all security headers.
func TestPageRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newRawEnv(t)
	plain := w.browse(t, "GET / HTTP/1.1\r\nHost: a\r\n")
	if plain.status != http.StatusOK {
		t.Fatalf("got %d, want the page", plain.status)
	}
	random := rand.New(rand.NewPCG(figures.Seed(t), 0))
	rounds := figures.Rounds(t, 1)
	sent := 0
	for range rounds {
		for _, text := range hostile {
			for name, request := range hostileRequests(text, hostile[random.IntN(len(hostile))]) {
				sent++
				w.wantHarmless(t, name+" with "+text, request, plain.body)
			}
		}
	}
	figures.Print(t, "page", figures.Count{Name: "hostile", N: sent})
}

// hostileRequests returns requests for the page that have a text in one part and another elsewhere.
func hostileRequests(text, other string) map[string]string {
	line := strings.NewReplacer(" ", "%20", "\r", "%0d", "\n", "%0a").Replace
	header := strings.NewReplacer("\r", "", "\n", "").Replace
	const host = " HTTP/1.1\r\nHost: a\r\n"
	return map[string]string{
		"the path":             "GET /" + line(text) + host,
		"an asset":             "GET /ui/assets/" + line(text) + host,
		"the query":            "GET /?next=" + line(text) + "&" + line(other) + host,
		"the host":             "GET / HTTP/1.1\r\nHost: " + strings.Map(hostChar, text) + "\r\n",
		"an absolute address":  "GET http://" + strings.Map(hostChar, text) + "/ HTTP/1.1\r\nHost: a\r\n",
		"a forwarded host":     "GET /" + host + "X-Forwarded-Host: " + header(text) + "\r\nForwarded: host=\"" + header(other) + "\"\r\n",
		"a forwarded path":     "GET /" + host + "X-Forwarded-Prefix: " + header(text) + "\r\nX-Original-URL: " + header(other) + "\r\n",
		"an origin":            "GET /" + host + "Origin: " + header(text) + "\r\nReferer: " + header(other) + "\r\n",
		"a cookie and a token": "GET /" + host + "Cookie: " + header(text) + "\r\nAuthorization: " + header(other) + "\r\n",
		"a method":             "POST /?" + line(text) + host + "Content-Length: " + strconv.Itoa(len(text)) + "\r\n\x00" + text,
	}
}

// hostChar drops what cannot be in the name of a host.
func hostChar(r rune) rune {
	if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz.", r) {
		return r
	}
	return -1
}

// answer is what a browser would get.
type answer struct {
	status int
	header http.Header
	body   string
}

// browse sends a request, whose body follows a NUL, on a connection of its own.
func (w rawEnv) browse(t *testing.T, request string) answer {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: connectionTimeout}).DialContext(t.Context(), "tcp", w.address)
	must.Do(t, err)
	defer func() { _ = conn.Close() }()
	must.Do(t, conn.SetDeadline(time.Now().Add(connectionTimeout)))
	head, body, _ := strings.Cut(request, "\x00")
	_, err = io.WriteString(conn, head+last+"\r\n\r\n"+body)
	must.Do(t, err)
	raw, err := io.ReadAll(conn)
	must.Do(t, err)
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	must.Do(t, err)
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	must.Do(t, err)
	return answer{response.StatusCode, response.Header, string(content)}
}

func (w rawEnv) wantHarmless(t *testing.T, name, request, page string) {
	t.Helper()
	got := w.browse(t, request)
	switch {
	case got.status == http.StatusOK && strings.Contains(got.header.Get("Content-Type"), "text/html"):
		if got.body != page {
			t.Errorf("%s: got another page:\n%s", name, got.body)
		}
		wantPageHeaders(t, name, got)
	case got.header.Get("Content-Security-Policy") != "":
		if strings.Contains(got.body, "evil") || strings.Contains(got.body, "alert(1)") {
			t.Errorf("%s: the answer repeats the request:\n%s", name, got.body)
		}
		wantPageHeaders(t, name, got)
	case strings.Contains(got.header.Get("Content-Type"), "html"), got.status/100 == 2, got.status/100 == 3:
		t.Errorf("%s: got %d %s, want the page or an error that no browser renders", name, got.status, got.header.Get("Content-Type"))
	}
	for _, header := range []string{"Location", "Set-Cookie", "Refresh", "Access-Control-Allow-Origin"} {
		if value := got.header.Get(header); value != "" {
			t.Errorf("%s: got the header %s: %s, want none", name, header, value)
		}
	}
}

func wantPageHeaders(t *testing.T, name string, got answer) {
	t.Helper()
	for _, header := range slices.Sorted(maps.Keys(page.Headers())) {
		if want := page.Headers()[header]; !slices.Equal(got.header.Values(header), want) {
			t.Errorf("%s: got %s %q, want %q", name, header, got.header.Values(header), want)
		}
	}
}

// TestPageNeedsNoSecret: the page's files are the same with a token, with another's and without one, so none of them can leak who asks.
func TestPageNeedsNoSecret(t *testing.T) {
	t.Parallel()
	w := newRawEnv(t)
	unknown := "user:" + strings.Repeat("0", 56)
	for _, path := range []string{"/", "/ui/assets/page.000000000000.js"} {
		plain := w.browse(t, "GET "+path+" HTTP/1.1\r\nHost: a\r\n")
		for _, token := range []string{w.ann, w.bob, w.AdminToken, unknown} {
			got := w.browse(t, "GET "+path+" HTTP/1.1\r\nHost: a\r\nAuthorization: "+token+"\r\n")
			if got.status != plain.status || got.body != plain.body || strings.Contains(got.body, token) {
				t.Errorf("%s: got %d with a token and %d without, want the same file", path, got.status, plain.status)
			}
			if times := w.functions.timesFor(token); times > 0 {
				t.Errorf("%s: the authorizer checked a token %d times, want never", path, times)
			}
		}
	}
}
