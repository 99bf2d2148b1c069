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

// cgroupRoot is where Linux has its control groups.
const cgroupRoot = "/sys/fs/cgroup"

const (
	// oneProcessor is the memory, in MB, with which a function has one whole processor; less memory has as much less of it.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
	oneProcessor = 1769
	// period is that in which the share is given out. AWS does not say; functions were seen to be held every 20 ms, as
	// https://github.com/pwrdrvr/lambda-dispatch/issues/246 reports.
	period = 20 * time.Millisecond
)

// quota is the processor time in each period that a function with so many MB of memory has.
func quota(memory int) time.Duration {
	return (period * time.Duration(memory) / oneProcessor).Truncate(time.Microsecond)
}

// speed is how much of the processor an invocation has. An initialisation has all of it at each speed, as in Lambda:
// https://awslabs.github.io/aws-lambda-web-adapter/configuration/async-init.html
type speed struct {
	name string
	// always says that it is measured in every round.
	always bool
	// memory is in MB, and zero for the whole processor.
	memory int
	groups groups
}

var fullSpeed = speed{name: "full speed", always: true}

// speedsOf are the whole processor and the shares. Errors: one that says why there cannot be shares; the speeds are then those
// that can be had.
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

// newGroup is a control group for one process. At full speed it is none, of which nothing is held.
func (s speed) newGroup() (group, error) {
	if s.memory == 0 {
		return group{}, nil
	}
	return s.groups.new(quota(s.memory))
}

// groups make control groups that hold the processor, by version 1 or 2 of the kernel's files.
// https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
type groups struct {
	// folder is the one that has a folder for each group.
	folder string
	// limit gives the files that hold a group, in the order in which they are written.
	limit func(quota time.Duration) []file
}

type file struct{ name, text string }

// findGroups finds out which version there is, and tries it. Errors: one that says what is missing.
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

// enable gives the groups of version 2 their files for the processor.
func enable(root string) error {
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers")) //nolint:gosec // a file of the kernel's
	if err != nil {
		return fmt.Errorf("this system has no control groups: %w", err)
	}
	if !strings.Contains(" "+strings.TrimSpace(string(controllers))+" ", " cpu ") {
		return errors.New("the control groups here do not hold the processor")
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

// counter tells the groups of this process apart.
var counter atomic.Int64

// new makes a group: a new one for each process, for it to begin without another's debts.
func (g groups) new(quota time.Duration) (group, error) {
	made := group{filepath.Join(g.folder, fmt.Sprintf("pats-bench-%d-%d", os.Getpid(), counter.Add(1)))}
	if err := os.Mkdir(made.folder, 0o750); err != nil {
		return group{}, fmt.Errorf("making a control group: %w", err)
	}
	for _, f := range g.limit(quota) {
		if err := write(made.folder, f); err != nil {
			return group{}, errors.Join(err, made.remove())
		}
	}
	return made, nil
}

// group is a control group. The zero one is none.
type group struct{ folder string }

// add holds a process with all its threads.
func (g group) add(pid int) error {
	if g.folder == "" {
		return nil
	}
	return write(g.folder, file{"cgroup.procs", strconv.Itoa(pid)})
}

// remove takes an empty group away. The kernel's files in it are not there to be removed.
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
