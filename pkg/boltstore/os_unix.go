//go:build unix && !solaris && !aix

package boltstore

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	shared    = syscall.LOCK_SH
	exclusive = syscall.LOCK_EX

	lockPoll = 20 * time.Millisecond
)

// lock takes the same lock as bbolt, which may then take it again, so that the file stands still while it is looked through.
// Errors: *LockedError after lockTimeout.
func lock(file *os.File, path string, mode int) error {
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for range lockTimeout / lockPoll {
		err := syscall.Flock(int(file.Fd()), mode|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("locking data file %s: %w", path, err)
		}
		<-poll.C
	}
	return &LockedError{path, holder(path)}
}

func unlock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// syncFolder makes the names in a folder last through a loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
