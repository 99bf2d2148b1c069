package throughput

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc/PID/stat: 1/USER_HZ s, and USER_HZ is 100 on Linux (proc_pid_stat(5), time(7)).
const tick = time.Second / 100

// family are the process and all that it and its children have started.
func family(pid int) ([]int, error) {
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

// program is the name of the file that the process runs, or empty if it has ended.
func program(pid int) string {
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return filepath.Base(strings.TrimSuffix(file, " (deleted)"))
}

// sum adds what is measured of each process that is there still.
func sum(pids []int, of func(pid int) (float64, error)) (float64, error) {
	var total float64
	for _, pid := range pids {
		value, err := of(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return 0, err
		}
		total += value
	}
	return total, nil
}

// cpuTicks is the processor time of the process and of those of its children that have ended.
func cpuTicks(pid int) (float64, error) {
	values, err := stat(pid, 14, 15, 16, 17) // utime, stime, cutime, cstime
	if err != nil {
		return 0, err
	}
	return values[0] + values[1] + values[2] + values[3], nil
}

// stat gives fields of /proc/PID/stat by their numbers in proc_pid_stat(5), from 4 on.
func stat(pid int, numbers ...int) ([]float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second field is a name in parentheses, which may itself have blanks and parentheses. The third comes after it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	values := make([]float64, len(numbers))
	for i, number := range numbers {
		if number-3 >= len(fields) {
			return nil, fmt.Errorf("/proc/%d/stat has no field %d", pid, number)
		}
		if values[i], err = strconv.ParseFloat(fields[number-3], 64); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// rss is the resident memory of the process, in MiB.
func rss(pid int) (float64, error) { return kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:") }

// pss is the resident memory of the process, in MiB, with its share only of pages that others have too.
func pss(pid int) (float64, error) {
	return kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
}

// kilobytes reads the line "NAME: N kB" of a file, in MiB.
func kilobytes(file, name string) (float64, error) {
	text, err := os.ReadFile(file) //nolint:gosec // one of the two above
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	i := slices.Index(fields, name)
	if i < 0 || i+2 >= len(fields) || fields[i+2] != "kB" {
		return 0, fmt.Errorf("%s does not tell %s in kB", file, name)
	}
	value, err := strconv.ParseFloat(fields[i+1], 64)
	return value / 1024, err
}
