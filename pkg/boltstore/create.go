package boltstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// create creates an empty data file at path, synced to the disk. The file appears there whole, or not at all. If another process
// was faster, its file stays.
func create(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, filepath.Base(path)+".new-*") // a new file with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := writeEmpty(draft); err != nil {
		return err
	}
	// Unlike a rename, a link replaces nothing.
	if err := os.Link(draft.Name(), path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	_ = syncFolder(filepath.Dir(folder)) // this process may lack permission to read it
	return syncFolder(folder)
}

// writeEmpty writes an empty store to file, syncs it to the disk and closes it.
func writeEmpty(file *os.File) error {
	unsynced := options(file) // one sync at the end is enough, since no other process knows the file yet
	unsynced.NoSync, unsynced.NoGrowSync = true, true
	db, err := bolt.Open(file.Name(), fileMode, unsynced)
	if err != nil {
		return err
	}
	return errors.Join(db.Update(layOut), db.Sync(), db.Close())
}

// layOut creates the buckets and the records of a store without users.
func layOut(tx *bolt.Tx) error {
	for _, name := range [][]byte{bucketMeta, bucketAccounts, bucketUnique, bucketSeen, bucketImported} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return errors.Join(put(tx, bucketMeta, keyFormat, importsFrom), put(tx, bucketMeta, keyState, state{}))
}
