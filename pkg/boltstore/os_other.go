//go:build !unix || solaris || aix

package boltstore

import "os"

const (
	shared = iota
	exclusive
)

// lock leaves locking to bbolt where a lock cannot be taken twice: a file in use is then looked through before it is refused.
func lock(*os.File, string, int) error { return nil }

func unlock(*os.File) error { return nil }

// syncFolder does nothing where a folder cannot be synced.
func syncFolder(string) error { return nil }
