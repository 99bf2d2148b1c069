package procfs

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Listening returns the addresses on which the processes accept TCP connections. Processes that have ended have none. Errors: /proc has
// another form, or none.
func Listening(pids []int) ([]netip.AddrPort, error) {
	own := sockets(pids)
	var addresses []netip.AddrPort
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table) //nolint:gosec // a fixed name
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			// The fields are described at https://docs.kernel.org/networking/proc_net_tcp.html.
			const local, state, inode, listens = 1, 3, 9, "0A"
			fields := strings.Fields(line)
			if len(fields) <= inode || fields[state] != listens || !own[fields[inode]] {
				continue
			}
			address, err := parseAddress(fields[local])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", table, err)
			}
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}

// sockets returns the inodes of the processes' sockets.
func sockets(pids []int) map[string]bool {
	inodes := map[string]bool{}
	for _, pid := range pids {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid)) // the pattern is well-formed
		for _, file := range files {
			link, _ := os.Readlink(file) // an error means that it was closed
			if inode, ok := strings.CutPrefix(link, "socket:["); ok {
				inodes[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	return inodes
}

// parseAddress parses an address such as 0100007F:1F90, which is 127.0.0.1:8080: words of four bytes, each with its last byte first.
func parseAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	raw, err := hex.DecodeString(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	address, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%q is not an address", text)
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), nil
}
