// Package tokenfile writes and reads files that contain one token, for the owner of the file only.
package tokenfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"pats/cmd/pats/failure"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// The names of drafts are draftPrefix, digits and draftSuffix.
const (
	draftPrefix = ".token-"
	draftSuffix = ".draft"
)

// Draft is a token file that is not at its path yet. It replaces the file there as a whole or not at all.
type Draft struct {
	path string
	file *os.File
}

// Create creates a draft for path, so that a path which cannot be written fails before there is a token. It creates the folder with mode 0700. An existing
// file at path must be a regular file. Errors: failure.Failed, those of the file system.
func Create(path string) (*Draft, error) {
	if err := checkReplaceable(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), draftPrefix+"*"+draftSuffix) // with fileMode
	if err != nil {
		return nil, err
	}
	return &Draft{path, file}, nil
}

// checkReplaceable refuses links, folders and other special files. A rename does not follow a link that appears later.
func checkReplaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return failure.New(failure.Failed, path+" exists already and is not a regular file", "Name another file, or remove this one.")
	}
	return nil
}

// Write writes the token, and waits until the disk has it. Errors: those of the file system.
func (d *Draft) Write(token string) error {
	_, err := d.file.WriteString(token + "\n")
	return errors.Join(err, d.file.Sync(), d.file.Close())
}

// Publish moves the written draft to its path. Errors: those of the file system.
func (d *Draft) Publish() error { return Publish(d.file.Name(), d.path) }

// Publish moves the complete draft at the path draft to path. Errors: those of the file system.
func Publish(draft, path string) error {
	if err := os.Rename(draft, path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes the names in a folder survive a power failure, on systems where a folder can be opened and synced.
func syncFolder(path string) {
	folder, err := os.Open(path) //nolint:gosec // the caller names the file
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

// Discard removes a draft that was not published. After Publish it does nothing.
func (d *Draft) Discard() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}
