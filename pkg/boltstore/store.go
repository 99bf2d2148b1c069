package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"pats/pkg/pat"
)

// lockTimeout is how long Open and Check wait for another process to let go of the file.
const lockTimeout = time.Second

const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// Store is a pat.Store in a file. It is safe for concurrent use.
type Store struct {
	path  string
	file  *os.File
	db    *bolt.DB
	cache *cache
	// writer holds a value while a change is under way.
	writer chan struct{}
	// broken is closed when bbolt has faulted. It may hold its own locks for good then, so nobody enters it again.
	broken    chan struct{}
	breakOnce sync.Once
	// fault is why broken was closed. It is set before that.
	fault     error
	closeOnce sync.Once
}

var _ pat.Store = (*Store)(nil)

// Open opens the data file, or makes it if there is none: the folder with mode 0700, the file with mode 0600. The file is
// locked until Close, and path with ".pid" after it holds the ID of the process.
// Errors: *LockedError after one second; *DamagedError and *NewerError, and then the file is as it was; those of the
// operating system, which name the file.
func Open(path string) (*Store, error) {
	file, err := openOrCreate(path)
	if err != nil {
		return nil, err
	}
	if err := admit(file, path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s := &Store{path: path, file: file, cache: newCache(), writer: make(chan struct{}, 1), broken: make(chan struct{})}
	if err := s.open(); err != nil {
		return nil, err
	}
	recordHolder(path)
	return s, nil
}

func openOrCreate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the operator names the file
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("making data file %s: %w", path, err)
	}
	return os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the operator names the file
}

// admit locks the file and looks it through. It does not write to it.
func admit(file *os.File, path string) error {
	if err := lock(file, path, exclusive); err != nil {
		return err
	}
	report, err := inspect(context.Background(), file, path, func(_, _ int64) {})
	if err != nil {
		return err
	}
	return report.refusal(path)
}

// open gives the file to bbolt, which locks it again where admit could not, and from then on owns it.
func (s *Store) open() error {
	db, err := do(s, func() (*bolt.DB, error) { return bolt.Open(s.path, fileMode, options(s.file)) })
	s.db = db
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{s.path, holder(s.path)}
	case err != nil:
		return fmt.Errorf("opening data file %s: %w", s.path, err)
	}
	if err := s.complete(); err != nil {
		return errors.Join(err, s.db.Close())
	}
	return nil
}

// complete brings a file of an earlier format to the present one.
func (s *Store) complete() error {
	return s.update(context.Background(), nobody, func(tx *bolt.Tx) error {
		written, _, err := get[int](tx, bucketMeta, keyFormat)
		if err != nil {
			return err
		}
		if written >= importsFrom {
			return errUnchanged
		}
		if _, err := tx.CreateBucket(bucketImported); err != nil {
			return err
		}
		return put(tx, bucketMeta, keyFormat, format)
	})
}

func options(file *os.File) *bolt.Options {
	return &bolt.Options{
		Timeout:  lockTimeout,
		OpenFile: func(string, int, fs.FileMode) (*os.File, error) { return file, nil },
	}
}

// Close waits for what is under way and lets go of the file. Further calls do nothing.
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
