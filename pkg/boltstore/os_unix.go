//go:build unix && !solaris && !aix

package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

const (
	shared    = syscall.LOCK_SH
	exclusive = syscall.LOCK_EX

	lockPoll = 20 * time.Millisecond
)

// noFollow makes openFile fail on a symbolic link.
const noFollow = syscall.O_NOFOLLOW

// openFile opens an existing file. It does not wait for the other end of a named pipe.
func openFile(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|syscall.O_NONBLOCK, 0) //nolint:gosec // the operator names the file
}

// lock takes the lock that bbolt takes too, and may then take again, so that no process changes the file while it is checked.
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

// syncFolder makes the names in a folder survive a loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Permissions of the group and of all others.
const (
	othersRead  fs.FileMode = 0o044
	othersWrite fs.FileMode = 0o022
)

// exposure checks who else may use the data file. Whoever can write it can create tokens; whoever can read it sees users and
// verifiers, but no tokens. It returns warnings, a sentence each. Errors: *ExposedError if others may write it.
func exposure(file *os.File, folder, path string) (warnings []string, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	mode := info.Mode()
	switch {
	case !mode.IsRegular():
		return nil, nil // inspect refuses it
	case mode&othersWrite != 0:
		return nil, &ExposedError{path, mode.Perm()}
	case mode&othersRead != 0:
		warnings = append(warnings, fmt.Sprintf("other users of this machine can read %s (mode %04o). Make it private: chmod 600 %s", path, mode.Perm(), path))
	}
	around, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if around.Mode()&othersWrite != 0 && around.Mode()&fs.ModeSticky == 0 {
		warnings = append(warnings, fmt.Sprintf("other users of this machine can replace the files in %s (mode %04o). Make it private: chmod 700 %s", folder, around.Mode().Perm(), folder))
	}
	return warnings, nil
}
