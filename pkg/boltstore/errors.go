package boltstore

import (
	"errors"
	"fmt"
	"io/fs"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

// LockedError reports a data file that another process has open.
type LockedError struct {
	Path string
	// PID is the ID of that process, or 0 if it is not known.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("data file %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("data file %s is in use by process %d", e.Path, e.PID)
}

// ExposedError reports a data file that other users may write. Whoever can write it can create tokens of any user.
type ExposedError struct {
	Path string
	// Mode has the file's permissions.
	Mode fs.FileMode
}

func (e *ExposedError) Error() string {
	return fmt.Sprintf("other users of this machine can write data file %s (mode %04o), and so create tokens", e.Path, e.Mode)
}

// DamagedError reports a file that is not a sound data file: damaged, cut off, or something else.
type DamagedError struct {
	Path string
	// Err is the damage.
	Err error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("data file %s: %v", e.Path, e.Err) }

// Unwrap returns Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// NewerError reports a data file that a later version of this program has written.
type NewerError struct {
	Path string
	// Format is the format of the file, which is above the highest that this program knows.
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("data file %s has format %d, but this program knows formats up to %d: use a newer version of it", e.Path, e.Format, format)
}

// newer is a format above the one that this program knows.
type newer int

func (n newer) Error() string { return fmt.Sprintf("format %d", int(n)) }

// refuse returns the error for the file at path that could not be checked because of err.
func refuse(path string, err error) error {
	if _, found := errors.AsType[boltfile.Damage](err); found {
		return &DamagedError{path, err}
	}
	if format, found := errors.AsType[newer](err); found {
		return &NewerError{path, int(format)}
	}
	return fmt.Errorf("reading data file %s: %w", path, err)
}

// translate returns the *pat.Error for an error that ended a transaction.
func (s *Store) translate(err error) error {
	if _, known := errors.AsType[*pat.Error](err); known || err == nil {
		return err
	}
	if _, damaged := errors.AsType[boltfile.Damage](err); damaged {
		return &pat.Error{Kind: pat.KindInternal, Message: "The store is damaged.", Err: &DamagedError{s.path, err}}
	}
	return pat.Unavailable(fmt.Errorf("data file %s: %w", s.path, err))
}
