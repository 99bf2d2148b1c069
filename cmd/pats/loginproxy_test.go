package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// losing is a proxy that loses the response to the first redemption of a login after the server has carried it out.
type losing struct {
	*httptest.Server
	lost atomic.Int64
}

func losingRedemptions(t *testing.T, address string) *losing {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l := &losing{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) },
		ModifyResponse: func(response *http.Response) error {
			if strings.HasSuffix(response.Request.URL.Path, "/ui/cli/token") && l.lost.CompareAndSwap(0, 1) {
				panic(http.ErrAbortHandler)
			}
			return nil
		},
	}
	l.Server = httptest.NewServer(proxy)
	t.Cleanup(l.Close)
	return l
}
