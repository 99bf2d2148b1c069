package runner

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"pats/infra/testkit/procfs"
)

// AdoptOrphans makes this process the parent of those of its descendants whose parents end, so that [KillOrphans] finds them.
func AdoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// KillOrphans kills what this process's descendants left running, and returns the names of these programs.
func KillOrphans() ([]string, error) {
	family, err := procfs.Family(os.Getpid())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, pid := range family[1:] {
		if name := procfs.Program(pid); name != "" && syscall.Kill(pid, syscall.SIGKILL) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}
