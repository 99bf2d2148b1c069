package target

import (
	"fmt"
	"net"
	"net/url"

	"pats/cmd/pats/failure"
)

// ParseURL returns the address of a server. Errors: failure.Usage.
func ParseURL(base string) (*url.URL, error) {
	address, err := url.Parse(base)
	if err != nil || !isHTTP(address) {
		return nil, failure.Misuse(fmt.Sprintf("--url %q is not an http or https URL", base), "For example: http://127.0.0.1:3000.")
	}
	return address, nil
}

// isHTTP reports whether address is an http or https URL with a host.
func isHTTP(address *url.URL) bool {
	return address.Hostname() != "" && (address.Scheme == "http" || address.Scheme == "https")
}

// isLoopback reports whether host, a name or an IP address, is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
