//go:build !unix || solaris || aix

package boltstore

import "os"

const (
	shared = iota
	exclusive
)

const noFollow = 0

// openFile opens an existing file.
func openFile(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag, 0) //nolint:gosec // the operator names the file
}

// lock leaves locking to bbolt where a lock cannot be taken twice. A file in use is then checked before it is refused.
func lock(*os.File, string, int) error { return nil }

func unlock(*os.File) error { return nil }

// syncFolder does nothing where a folder cannot be synced.
func syncFolder(string) error { return nil }

// exposure finds nothing where modes do not say who may use a file.
func exposure(*os.File, string, string) ([]string, error) { return nil, nil }
