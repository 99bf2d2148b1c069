package procfs_test

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"

	"pats/infra/testkit/procfs"
)

func TestListening(t *testing.T) {
	t.Parallel()
	procfs.Need(t)
	for _, host := range []string{"127.0.0.1", "::1", "0.0.0.0"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			var config net.ListenConfig
			listener, err := config.Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				t.Skip(err) // this machine may have no IPv6
			}
			t.Cleanup(func() { _ = listener.Close() })
			want := netip.MustParseAddrPort(listener.Addr().String())
			got, err := procfs.Listening([]int{os.Getpid()})
			if err != nil {
				t.Fatal(err)
			}
			same := func(a netip.AddrPort) bool {
				return a.Port() == want.Port() && a.Addr().IsLoopback() == want.Addr().IsLoopback()
			}
			if !slices.ContainsFunc(got, same) {
				t.Errorf("got %v, want %v among them", got, want)
			}
		})
	}
}
