package target

import (
	"net"
	"net/url"
)

// isHTTP reports whether address is an http or https URL with a host.
func isHTTP(address *url.URL) bool {
	return address.Hostname() != "" && (address.Scheme == "http" || address.Scheme == "https")
}

// isLoopback reports whether host, a name or an IP address, is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
