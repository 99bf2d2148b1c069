package startup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// cgroupRoot is the mount point of Linux's control groups.
const cgroupRoot = "/sys/fs/cgroup"

const (
	// oneProcessor is the memory in MB that comes with one whole CPU; less memory comes with a proportional share.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
	oneProcessor = 1769
	// period is the scheduling period of the share. AWS does not document it; 20 ms were observed in
	// https://github.com/pwrdrvr/lambda-dispatch/issues/246.
	period = 20 * time.Millisecond
)

// quota returns the CPU time per period of a function with the given memory in MB.
func quota(memory int) time.Duration {
	return (period * time.Duration(memory) / oneProcessor).Truncate(time.Microsecond)
}

// speed is the CPU share of an invocation. Initialisation always has the whole CPU, as in Lambda:
// https://awslabs.github.io/aws-lambda-web-adapter/configuration/async-init.html
type speed struct {
	name string
	// always means that every round measures it.
	always bool
	// memory is in MB; zero means the whole CPU.
	memory int
	groups groups
}

var fullSpeed = speed{name: "full speed", always: true}

// speedsOf returns full speed and the shares. If shares are impossible, it returns full speed and an error with the reason.
func speedsOf(root string) ([]speed, error) {
	speeds := []speed{fullSpeed}
	groups, err := findGroups(root)
	if err != nil {
		return speeds, err
	}
	for _, memory := range []int{128, 256, 512} {
		speeds = append(speeds, speed{name: strconv.Itoa(memory) + " MB", always: memory == 128, memory: memory, groups: groups})
	}
	return speeds, nil
}

// newGroup returns a control group for one process. At full speed it returns the zero group, which limits nothing.
func (s speed) newGroup() (group, error) {
	if s.memory == 0 {
		return group{}, nil
	}
	return s.groups.new(quota(s.memory))
}

// groups creates control groups that limit CPU time, with version 1 or 2 of the kernel's interface.
// https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
type groups struct {
	// folder contains one folder per group.
	folder string
	// limit returns the files that limit a group, in the order in which they must be written.
	limit func(quota time.Duration) []file
}

type file struct{ name, text string }

// findGroups detects the version and tries it. The error says what is missing.
func findGroups(root string) (groups, error) {
	g, err := layout(root)
	if err != nil {
		return groups{}, err
	}
	probe, err := g.new(period)
	if err != nil {
		return groups{}, err
	}
	return g, probe.remove()
}

func layout(root string) (groups, error) {
	if first := filepath.Join(root, "cpu"); exists(filepath.Join(first, "cgroup.procs")) {
		return groups{first, limit1}, nil
	}
	return groups{root, limit2}, enable(root)
}

// enable enables the CPU controller of version 2.
func enable(root string) error {
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")) //nolint:gosec // a file of the kernel's
	if err != nil {
		return fmt.Errorf("this system has no control groups: %w", err)
	}
	if !strings.Contains(" "+strings.TrimSpace(string(controllers))+" ", " cpu ") {
		return errors.New("the control groups of this system cannot limit CPU time")
	}
	return write(root, file{"cgroup.subtree_control", "+cpu"})
}

func limit1(quota time.Duration) []file {
	return []file{{"cpu.cfs_period_us", microseconds(period)}, {"cpu.cfs_quota_us", microseconds(quota)}}
}

func limit2(quota time.Duration) []file {
	return []file{{"cpu.max", microseconds(quota) + " " + microseconds(period)}}
}

func microseconds(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

// counter distinguishes the groups of this process.
var counter atomic.Int64

// new creates a group. Each process has a new one, so that it does not inherit another's debt of CPU time.
func (g groups) new(quota time.Duration) (group, error) {
	made := group{filepath.Join(g.folder, fmt.Sprintf("pats-bench-%d-%d", os.Getpid(), counter.Add(1)))}
	if err := os.Mkdir(made.folder, 0o750); err != nil {
		return group{}, fmt.Errorf("creating a control group: %w", err)
	}
	for _, f := range g.limit(quota) {
		if err := write(made.folder, f); err != nil {
			return group{}, errors.Join(err, made.remove())
		}
	}
	return made, nil
}

// group is a control group. The zero group limits nothing.
type group struct{ folder string }

// add limits a process with all its threads.
func (g group) add(pid int) error {
	if g.folder == "" {
		return nil
	}
	return write(g.folder, file{"cgroup.procs", strconv.Itoa(pid)})
}

// remove removes an empty group. The kernel removes the files in it.
func (g group) remove() error {
	if g.folder == "" {
		return nil
	}
	return os.Remove(g.folder)
}

func write(folder string, f file) error {
	if err := os.WriteFile(filepath.Join(folder, f.name), []byte(f.text), 0o600); err != nil {
		return fmt.Errorf("setting a control group: %w", err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
