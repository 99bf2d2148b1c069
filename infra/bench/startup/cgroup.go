package startup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// oneProcessor is the memory in MB that comes with one whole CPU; less memory comes with a proportional share.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
	oneProcessor = 1769
	// period is the scheduling period of the share. AWS does not document it; 20 ms were observed in
	// https://github.com/pwrdrvr/lambda-dispatch/issues/246.
	period = 20 * time.Millisecond
)

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

// findSpeeds returns full speed and the shares. If shares are impossible, it returns full speed and an error with the reason.
func findSpeeds() ([]speed, error) {
	speeds := []speed{fullSpeed}
	groups, err := findGroups()
	if err != nil {
		return speeds, err
	}
	for _, memory := range []int{128, 256, 512} {
		speeds = append(speeds, speed{name: strconv.Itoa(memory) + " MB", always: memory == 128, memory: memory, groups: groups})
	}
	return speeds, nil
}

// groups creates control groups that limit CPU time, with version 1 or 2 of the kernel's interface.
// https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
type groups struct {
	// folder contains one folder per group.
	folder  string
	version int
}

// findGroups detects the version and tries it.
func findGroups() (groups, error) {
	const root = "/sys/fs/cgroup"
	g := groups{root + "/cpu", 1}
	if _, err := os.Stat(g.folder); err != nil {
		g = groups{root, 2}
		if err := write(root, file{"cgroup.subtree_control", "+cpu"}); err != nil {
			return groups{}, err
		}
	}
	probe, err := g.new(oneProcessor)
	return g, errors.Join(err, probe.remove())
}

// counter distinguishes the groups of this process.
var counter atomic.Int64

// new creates a group for one process with the share of the given memory in MB. Each process has a new one, so that it does not inherit
// another's debt of CPU time.
func (g groups) new(memory int) (group, error) {
	created := group{filepath.Join(g.folder, fmt.Sprintf("pats-bench-%d-%d", os.Getpid(), counter.Add(1)))}
	if err := os.Mkdir(created.folder, 0o750); err != nil {
		return group{}, fmt.Errorf("creating a control group: %w", err)
	}
	for _, f := range limits(g.version, memory) {
		if err := write(created.folder, f); err != nil {
			return group{}, errors.Join(err, created.remove())
		}
	}
	return created, nil
}

type file struct{ name, text string }

// limits returns the files that limit a group, in the order in which they must be written.
func limits(version, memory int) []file {
	quota := strconv.FormatInt((period * time.Duration(memory) / oneProcessor).Microseconds(), 10)
	whole := strconv.FormatInt(period.Microseconds(), 10)
	if version == 1 {
		return []file{{"cpu.cfs_period_us", whole}, {"cpu.cfs_quota_us", quota}}
	}
	return []file{{"cpu.max", quota + " " + whole}}
}

// group is a control group. The zero group limits nothing.
type group struct{ folder string }

// newGroup returns a control group for one process.
func (s speed) newGroup() (group, error) {
	if s.memory == 0 {
		return group{}, nil
	}
	return s.groups.new(s.memory)
}

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
