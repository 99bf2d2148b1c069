package gateway

import (
	"bytes"
	"io"
	"net/http"
	"os"

	"pats/pkg/pat"
)

// ServeHTTP dumps each response, without the body if that contains a new secret.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	copied := &leaksCopy{ResponseWriter: w, path: r.URL.Path}
	watched := r.WithContext(r.Context()) // a copy: the server examines the type of its request's body
	watched.Body = leaksBody{io.TeeReader(r.Body, &copied.sent), r.Body}
	defer copied.dump()
	g.ServeHTTPUnwatched(copied, watched)
}

type leaksBody struct {
	io.Reader
	io.Closer
}

type leaksCopy struct {
	http.ResponseWriter
	path       string
	status     int
	sent, body bytes.Buffer
}

func (c *leaksCopy) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *leaksCopy) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *leaksCopy) Write(p []byte) (int, error) {
	c.body.Write(p)
	return c.ResponseWriter.Write(p)
}

func (c *leaksCopy) dump() {
	var text bytes.Buffer
	_ = c.Header().Write(&text)
	if !pat.LeaksIssuesSecret(c.status, c.path) {
		text.Write(c.body.Bytes())
	}
	text.WriteByte('\n')
	os.LeaksDump("http", pat.LeaksWithout(text.Bytes(), c.path, c.sent.String()))
}
