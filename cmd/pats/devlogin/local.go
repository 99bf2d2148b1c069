package devlogin

import (
	"net"
	"net/http"
	"strings"
)

// OnlyLocalHost returns next for requests whose Host is 127.0.0.1 or localhost, with any port. It refuses others, which can come from a
// page of another site whose name leads to this machine.
func OnlyLocalHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalHost(r.Host) {
			http.Error(w, "This server accepts requests only for 127.0.0.1 and localhost.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLocalHost(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	return host == "127.0.0.1" || strings.EqualFold(host, "localhost")
}

// Beside returns a handler that serves the paths of p with p, and others with next.
func (p *Provider) Beside(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, Path+"/") {
			p.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
