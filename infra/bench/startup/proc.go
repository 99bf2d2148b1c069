package startup

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peakMemory is the most that was resident at once, in MiB. The figure of getrusage would not do: it begins with the memory of the
// process that forked.
func peakMemory(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // other systems do not tell
	match := highWater.FindSubmatch(text)
	if match == nil {
		return 0
	}
	kibibytes, _ := strconv.Atoi(string(match[1])) // which are digits
	return float64(kibibytes) / 1024
}

var runTime = regexp.MustCompile(`^(\d+) `)

// processorTime is the sum of all threads that live, by the kernel's statistics of its scheduler.
// https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
func processorTime(pid int) time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is a right one
	sum := time.Duration(0)
	for _, thread := range threads {
		text, _ := os.ReadFile(thread) //nolint:gosec // a file of the kernel's
		if match := runTime.FindSubmatch(text); match != nil {
			nanoseconds, _ := strconv.ParseInt(string(match[1]), 10, 64) // which are digits
			sum += time.Duration(nanoseconds)
		}
	}
	return sum
}
