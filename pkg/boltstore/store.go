package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"pats/pkg/pat"
)

// lockTimeout is how long Open and Check wait for another process to release the file.
const lockTimeout = time.Second

const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// Store is a pat.Store in a file. It is safe for concurrent use.
type Store struct {
	path     string
	warnings []string
	file     *os.File
	db       *bolt.DB
	cache    *cache
	// writer contains a value while a change is in progress.
	writer chan struct{}
	// broken is closed when bbolt has faulted. It may hold its own locks for good then, so it is not called again.
	broken    chan struct{}
	breakOnce sync.Once
	// fault is the error of every call after that. It is set before broken is closed.
	fault     error
	closeOnce sync.Once
}

var _ pat.Store = (*Store)(nil)

// Open opens the data file, or creates it if there is none: the folder with mode 0700, the file with mode 0600. The file is
// locked until Close, and the file at path with ".pid" appended contains the ID of the process.
// Errors: *LockedError after one second; *ExposedError, *DamagedError and *NewerError, which leave the file as it is; those of the
// operating system, which name the file.
func Open(path string) (*Store, error) {
	file, err := openOrCreate(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, file: file, cache: newCache(), writer: make(chan struct{}, 1), broken: make(chan struct{})}
	if err := s.admit(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	recordHolder(path)
	return s, nil
}

func openOrCreate(path string) (*os.File, error) {
	file, err := openFile(path, os.O_RDWR)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("creating data file %s: %w", path, err)
	}
	return openFile(path, os.O_RDWR)
}

// admit locks and checks the file. It does not write to it.
func (s *Store) admit() error {
	if err := lock(s.file, s.path, exclusive); err != nil {
		return err
	}
	warnings, err := exposure(s.file, filepath.Dir(s.path), s.path)
	if err != nil {
		return err
	}
	s.warnings = warnings
	report, err := inspect(context.Background(), s.file, s.path, func(_, _ int64) {})
	if err != nil {
		return err
	}
	return report.refusal(s.path)
}

// Warnings returns what Open found that endangers the data file but does not keep it from working, a sentence each.
func (s *Store) Warnings() []string { return s.warnings }

// open hands the file to bbolt, which locks it where admit could not, and owns it from then on.
func (s *Store) open() error {
	db, err := do(s, func() (*bolt.DB, error) { return bolt.Open(s.path, fileMode, options(s.file)) })
	s.db = db
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{s.path, holder(s.path)}
	case err != nil:
		return fmt.Errorf("opening data file %s: %w", s.path, err)
	}
	if err := s.upgrade(); err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

// upgrade adds the bucket that a file of the first format lacks. Later formats differ only in accounts; see putAccount.
func (s *Store) upgrade() error {
	return s.update(context.Background(), noUser, func(tx *bolt.Tx) error {
		if tx.Bucket(bucketImported) != nil {
			return errUnchanged
		}
		if _, err := tx.CreateBucket(bucketImported); err != nil {
			return err
		}
		return raise(tx, importsFrom)
	})
}

// raise raises the format of the file, which releases before that format refuse, to at least lowest.
func raise(tx *bolt.Tx, lowest int) error {
	written, _, err := get[int](tx, bucketMeta, keyFormat)
	if err != nil || written >= lowest {
		return err
	}
	return put(tx, bucketMeta, keyFormat, lowest)
}

func options(file *os.File) *bolt.Options {
	return &bolt.Options{
		Timeout:  lockTimeout,
		OpenFile: func(string, int, fs.FileMode) (*os.File, error) { return file, nil },
	}
}

// Close waits for calls in progress and releases the file. Further calls do nothing.
func (s *Store) Close() error {
	var err error
	s.closeOnce.Do(func() { err = s.close() })
	return err
}

func (s *Store) close() error {
	forgetHolder(s.path)
	s.cache.close()
	_, err := do(s, func() (struct{}, error) { return struct{}{}, s.db.Close() })
	if s.isBroken() {
		// bbolt keeps its mapping, and the mapping would keep the lock.
		return errors.Join(unlock(s.file), s.file.Close())
	}
	return err
}
