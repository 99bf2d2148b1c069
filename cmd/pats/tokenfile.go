package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	folderMode = 0o700
	// draftPrefix begins the names of token files that are not whole.
	draftPrefix = ".token-"
)

// tokenFile is a file to be, with a token in it. It takes the place of an older one as a whole or not at all.
type tokenFile struct {
	path  string
	draft *os.File
}

// newTokenFile makes sure, before there is a token, that one can be written to path. The folder is made with mode 0700.
// What is at path must be a regular file, if there is anything.
func newTokenFile(path string) (*tokenFile, error) {
	if err := checkReplaceable(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), draftPrefix+"*") // mode 0600
	if err != nil {
		return nil, err
	}
	return &tokenFile{path, draft}, nil
}

// checkReplaceable refuses a symbolic link with a message. Renaming would not follow one that comes later either.
func checkReplaceable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fail(exitFailed, path+" is there already and is no regular file", "Name another file, or remove this one.")
	}
	return nil
}

// keep writes the token and puts the file in its place.
func (f *tokenFile) keep(token string) error {
	_, err := f.draft.WriteString(token + "\n")
	if err := errors.Join(err, f.draft.Sync(), f.draft.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.draft.Name(), f.path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(f.path))
	return nil
}

// syncFolder makes the names in a folder last through a loss of power, where a folder can be read and synced.
func syncFolder(path string) {
	folder, err := os.Open(path) //nolint:gosec // the person who calls names the file
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

// discard removes what is left of a file that was not kept.
func (f *tokenFile) discard() {
	_ = f.draft.Close()
	_ = os.Remove(f.draft.Name())
}

// discardDrafts removes what a process has left in the folder that was killed while it wrote a token there: the token may work.
// Nobody else may be writing one.
func discardDrafts(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), draftPrefix) && entry.Type().IsRegular() {
			errs = append(errs, os.Remove(filepath.Join(folder, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// maxTokenFile is more than any token has.
const maxTokenFile = 4096

// readTokenFile gives the token in the file at path.
func readTokenFile(path string) (string, error) {
	file, err := os.Open(path) //nolint:gosec // the person who calls names the file
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile))
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("%s holds no token", path)
	}
	return token, nil
}
