package result

import (
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

// Machine describes the machine of a run.
type Machine struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor"`
	// MemoryGiB is zero, and Processor empty, if the system does not report it.
	MemoryGiB int    `json:"memoryGiB"`
	System    string `json:"system"`
	Go        string `json:"go"`
}

// ThisMachine describes the current machine, using /proc if it exists.
func ThisMachine() Machine {
	memory, _ := strconv.Atoi(field("/proc/meminfo", `(?m)^MemTotal: +(\d+) kB`))
	return Machine{
		Cores:     runtime.NumCPU(),
		Processor: field("/proc/cpuinfo", `(?m)^model name\s*: (.*)$`),
		MemoryGiB: (memory + 1<<19) >> 20,
		System:    strings.TrimSpace(runtime.GOOS + " " + field("/proc/sys/kernel/osrelease", `^(\S+)`)),
		Go:        runtime.Version(),
	}
}

// field returns the first group of pattern in the file, or an empty string.
func field(file, pattern string) string {
	text, _ := os.ReadFile(file) //nolint:gosec // one of the files named above
	match := regexp.MustCompile(pattern).FindSubmatch(text)
	if match == nil {
		return ""
	}
	return string(match[1])
}
