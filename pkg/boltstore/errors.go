package boltstore

import (
	"errors"
	"fmt"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

// LockedError is the refusal of a data file that another process has open.
type LockedError struct {
	Path string
	// PID is the process that has it, or 0 if that is not known.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("data file %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("data file %s is in use by process %d", e.Path, e.PID)
}

// DamagedError is the refusal of a file that is no sound data file: damaged, cut off, or something else.
type DamagedError struct {
	Path string
	// Err says what is wrong with it.
	Err error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("data file %s: %v", e.Path, e.Err) }

// Unwrap gives what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// NewerError is the refusal of a data file that a later version of this program has written.
type NewerError struct {
	Path string
	// Format is the file's, above the one that this program knows.
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("data file %s has format %d, but this program knows formats up to %d: use a newer version of it", e.Path, e.Format, format)
}

// newer is a format above the one that this program knows.
type newer int

func (n newer) Error() string { return fmt.Sprintf("format %d", int(n)) }

// refuse is why the file at path is not opened.
func refuse(path string, err error) error {
	if _, found := errors.AsType[boltfile.Damage](err); found {
		return &DamagedError{path, err}
	}
	if format, found := errors.AsType[newer](err); found {
		return &NewerError{path, int(format)}
	}
	return fmt.Errorf("reading data file %s: %w", path, err)
}

// translate makes a *pat.Error of whatever stopped a transaction.
func (s *Store) translate(err error) error {
	if _, known := errors.AsType[*pat.Error](err); known || err == nil {
		return err
	}
	if _, damaged := errors.AsType[boltfile.Damage](err); damaged {
		return &pat.Error{Kind: pat.KindInternal, Message: "The store is damaged.", Err: &DamagedError{s.path, err}}
	}
	return pat.Unavailable(fmt.Errorf("data file %s: %w", s.path, err))
}
