package boltstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// create makes an empty data file at path. The file appears there whole, or not at all; one that somebody else has made
// meanwhile stays.
func create(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, filepath.Base(path)+".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := fill(draft); err != nil {
		return err
	}
	// A link, unlike a rename, replaces nothing.
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	_ = syncFolder(filepath.Dir(folder)) // which may not be ours to read
	return syncFolder(folder)
}

// fill writes what every data file has, syncs it to the disk and closes the file.
func fill(file *os.File) error {
	db, err := bolt.Open(file.Name(), fileMode, options(file))
	if err != nil {
		return err
	}
	return errors.Join(db.Update(layOut), db.Close())
}

func layOut(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketAccounts, bucketUnique, bucketSeen, bucketImported} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return errors.Join(put(tx, bucketMeta, keyFormat, format), put(tx, bucketMeta, keyState, state{}))
}
