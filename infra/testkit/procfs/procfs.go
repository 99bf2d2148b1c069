// Package procfs answers questions about processes from Linux's /proc: https://man7.org/linux/man-pages/man5/proc.5.html
package procfs

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

const (
	mebibyte = 1 << 20
	// tick is the unit of times in /proc/PID/stat: 1/USER_HZ s, and USER_HZ is 100 on Linux (proc_pid_stat(5), time(7)).
	tick = time.Second / 100
)

// Need skips the test where there is no /proc as Linux has it.
func Need(tb testing.TB) {
	tb.Helper()
	self, err := procfs.Self()
	if err == nil {
		_, err = self.ProcSMapsRollup()
	}
	if err != nil {
		tb.Skip("it needs Linux's /proc")
	}
}

// Family returns the process, its children and all of their descendants.
func Family(pid int) ([]int, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, process := range all {
		if stat, err := process.Stat(); err == nil { // otherwise it has ended
			children[stat.PPID] = append(children[stat.PPID], process.PID)
		}
	}
	members := []int{pid}
	for i := 0; i < len(members); i++ {
		members = append(members, children[members[i]]...)
	}
	return members, nil
}

// Program returns the name of the file that the process runs, or "" if the process has ended.
func Program(pid int) string {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return ""
	}
	file, _ := process.Executable() // an error means that it has ended
	if file == "" {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(file, " (deleted)"))
}

// CPUTime returns the processor time, in steps of 10 ms, of the process and of those of its children that have ended.
func CPUTime(pid int) (time.Duration, error) {
	stat, err := read(pid, procfs.Proc.Stat)
	ticks := int(stat.UTime) + int(stat.STime) + stat.CUTime + stat.CSTime
	return time.Duration(ticks) * tick, err
}

// ThreadTime returns the processor time, in nanoseconds, of the threads that the process has now. It is 0 where the system does not
// report it.
func ThreadTime(pid int) time.Duration {
	threads, _ := procfs.AllThreads(pid)
	var sum time.Duration
	for _, thread := range threads {
		stat, _ := thread.Schedstat()                 // zero for a thread that has ended
		sum += time.Duration(stat.RunningNanoseconds) //nolint:gosec // less than 292 years
	}
	return sum
}

// Resident returns the resident memory of the process in MiB.
func Resident(pid int) (float64, error) {
	status, err := read(pid, procfs.Proc.NewStatus)
	return float64(status.VmRSS) / mebibyte, err
}

// PeakResident returns the largest resident memory that the process has had, in MiB. getrusage's figure differs: it starts with the
// memory of the process that forked.
func PeakResident(pid int) (float64, error) {
	status, err := read(pid, procfs.Proc.NewStatus)
	return float64(status.VmHWM) / mebibyte, err
}

// Proportional returns the resident memory of the process in MiB, with only its share of pages that it shares with others.
func Proportional(pid int) (float64, error) {
	rollup, err := read(pid, procfs.Proc.ProcSMapsRollup)
	return float64(rollup.Pss) / mebibyte, err
}

func read[T any](pid int, from func(procfs.Proc) (T, error)) (T, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		var none T
		return none, err
	}
	return from(process)
}

// listening is the state of a socket that accepts connections: https://docs.kernel.org/networking/proc_net_tcp.html
const listening = 0x0A

// Listening returns the addresses on which the processes accept TCP connections. Processes that have ended have none. Errors: /proc has
// another form, or none.
func Listening(pids []int) ([]netip.AddrPort, error) {
	var own []string
	for _, pid := range pids {
		targets, _ := read(pid, procfs.Proc.FileDescriptorTargets) // an error means that it has ended
		own = append(own, targets...)
	}
	system, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, err
	}
	var addresses []netip.AddrPort
	for _, table := range []func() (procfs.NetTCP, error){system.NetTCP, system.NetTCP6} { //nolint:staticcheck // deprecated for netlink, which takes another module
		sockets, err := table()
		if err != nil {
			return nil, err
		}
		for _, socket := range sockets {
			if socket.St != listening || !slices.Contains(own, fmt.Sprintf("socket:[%d]", socket.Inode)) {
				continue
			}
			address, _ := netip.AddrFromSlice(socket.LocalAddr)                                          // it has the length of an address
			addresses = append(addresses, netip.AddrPortFrom(address.Unmap(), uint16(socket.LocalPort))) //nolint:gosec // a port
		}
	}
	return addresses, nil
}
