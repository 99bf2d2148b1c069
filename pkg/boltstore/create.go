package boltstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// create makes an empty data file at path; one that somebody else has made meanwhile stays.
func create(path string) error {
	if err := build(path, func(db *bolt.DB) error { return db.Update(layOut) }); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// build makes a data file at path of what fill writes, synced to the disk. The file appears there whole, or not at all.
// Errors: fs.ErrExist if there is one; those of fill and of the operating system.
func build(path string, fill func(*bolt.DB) error) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, filepath.Base(path)+".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := write(draft, fill); err != nil {
		return err
	}
	// A link, unlike a rename, replaces nothing.
	if err := os.Link(draft.Name(), path); err != nil {
		return err
	}
	_ = syncFolder(filepath.Dir(folder)) // which may not be ours to read
	return syncFolder(folder)
}

// write lets fill write to file, syncs it to the disk and closes it.
func write(file *os.File, fill func(*bolt.DB) error) error {
	unsynced := options(file) // until the end: nobody sees the file before
	unsynced.NoSync, unsynced.NoGrowSync = true, true
	db, err := bolt.Open(file.Name(), fileMode, unsynced)
	if err != nil {
		return err
	}
	return errors.Join(fill(db), db.Sync(), db.Close())
}

func layOut(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketAccounts, bucketUnique, bucketSeen, bucketImported} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return errors.Join(put(tx, bucketMeta, keyFormat, format), put(tx, bucketMeta, keyState, state{}))
}
