package runner

import (
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pats/infra/testkit/procfs"
)

// AdoptOrphans makes this process the parent of those of its descendants whose parents end, so that [KillOrphans] finds them.
func AdoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

const (
	// orphanInterval lets processes that were killed end before the next look.
	orphanInterval = 10 * time.Millisecond
	orphanTimeout  = 5 * time.Second
)

// KillOrphans kills what this process's descendants left running, and returns the names of these programs. It looks until there are
// none: the parents of some may be about to end. Errors: those of reading /proc.
func KillOrphans() ([]string, error) {
	ticker := time.NewTicker(orphanInterval)
	defer ticker.Stop()
	killed := map[int]string{}
	for deadline := time.Now().Add(orphanTimeout); time.Now().Before(deadline); <-ticker.C {
		running, err := descendants()
		if err != nil {
			return nil, err
		}
		if len(running) == 0 {
			break
		}
		for pid, name := range running {
			killed[pid] = name
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
	var names []string
	for _, name := range killed {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// descendants returns the descendants of this process that run a program, which one that has ended does not.
func descendants() (map[int]string, error) {
	family, err := procfs.Family(os.Getpid())
	if err != nil {
		return nil, err
	}
	running := map[int]string{}
	for _, pid := range family[1:] {
		if name := procfs.Program(pid); name != "" {
			running[pid] = name
		}
	}
	return running, nil
}
