package boltstore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// The lock does not name its holder, so a file next to the data file does, for people to read. Failures to write or read it are
// ignored. Anything else with that name, such as a link or a named pipe, is left alone.

func pidPath(path string) string { return path + ".pid" }

func recordHolder(path string) {
	if err := removeRegular(pidPath(path)); err != nil {
		return
	}
	// O_EXCL creates a new file, and follows no link.
	file, err := os.OpenFile(pidPath(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return
	}
	_, _ = file.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	_ = file.Close()
}

func forgetHolder(path string) {
	if holder(path) == os.Getpid() {
		_ = removeRegular(pidPath(path))
	}
}

var errNotRegular = errors.New("it is not a regular file")

// removeRegular removes the file at path, if there is one. Errors: errNotRegular; those of the operating system.
func removeRegular(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errNotRegular
	}
	return os.Remove(path)
}

// maxPIDLen exceeds the number of digits of any process ID.
const maxPIDLen = 32

// holder returns the ID of the process that has the data file open, or 0 if it is not known.
func holder(path string) int {
	file, err := openFile(pidPath(path), os.O_RDONLY|noFollow)
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0
	}
	text, err := io.ReadAll(io.LimitReader(file, maxPIDLen))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
