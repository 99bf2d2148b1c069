// Package procfs reads what Linux's /proc reports about processes: https://man7.org/linux/man-pages/man5/proc.5.html
package procfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Need skips the test where there is no /proc as Linux has it.
func Need(tb testing.TB) {
	tb.Helper()
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		tb.Skip("it needs Linux's /proc")
	}
}

// Family returns the process, its children and all of their descendants.
func Family(pid int) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, file := range files {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		const parent = 4                                    // the field of /proc/PID/stat
		if values, err := stat(child, parent); err == nil { // otherwise it has ended
			children[int(values[0])] = append(children[int(values[0])], child)
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
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // an error means that it has ended
	if file == "" {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(file, " (deleted)"))
}

// tick is the unit of times in /proc/PID/stat: 1/USER_HZ s, and USER_HZ is 100 on Linux (proc_pid_stat(5), time(7)).
const tick = time.Second / 100

// CPUTime returns the processor time, in steps of 10 ms, of the process and of those of its children that have ended.
func CPUTime(pid int) (time.Duration, error) {
	values, err := stat(pid, 14, 15, 16, 17) // utime, stime, cutime, cstime
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, value := range values {
		ticks += value
	}
	return time.Duration(ticks) * tick, nil
}

// ThreadTime returns the processor time, in nanoseconds, of the threads that the process has now, by the scheduler's statistics:
// https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat. It is 0 where the system does not report it.
func ThreadTime(pid int) time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is well formed
	var sum time.Duration
	for _, thread := range threads {
		text, _ := os.ReadFile(thread) //nolint:gosec // a file of the kernel's
		onCPU, _, _ := strings.Cut(string(text), " ")
		nanoseconds, _ := strconv.ParseInt(onCPU, 10, 64) // 0 for a thread that has ended
		sum += time.Duration(nanoseconds)
	}
	return sum
}

// Resident returns the resident memory of the process in MiB.
func Resident(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:")
}

// PeakResident returns the largest resident memory that the process has had, in MiB. getrusage's figure differs: it starts with the
// memory of the process that forked.
func PeakResident(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")
}

// Proportional returns the resident memory of the process in MiB, with only its share of pages that it shares with others.
func Proportional(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
}

// kilobytes returns the value of the line "NAME: N kB" of a file, in MiB.
func kilobytes(file, name string) (float64, error) {
	text, err := os.ReadFile(file) //nolint:gosec // one of the files above
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	i := slices.Index(fields, name)
	if i < 0 || i+2 >= len(fields) || fields[i+2] != "kB" {
		return 0, fmt.Errorf("%s has no %s in kB", file, name)
	}
	value, err := strconv.ParseFloat(fields[i+1], 64)
	return value / 1024, err
}

// stat returns fields of /proc/PID/stat by their numbers in proc_pid_stat(5), from 4 on.
func stat(pid int, numbers ...int) ([]int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second field is a name in parentheses, which may itself contain blanks and parentheses. The third follows it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	values := make([]int64, len(numbers))
	for i, number := range numbers {
		if number-3 >= len(fields) {
			return nil, fmt.Errorf("/proc/%d/stat has no field %d", pid, number)
		}
		if values[i], err = strconv.ParseInt(fields[number-3], 10, 64); err != nil {
			return nil, err
		}
	}
	return values, nil
}
