package boltstore

import (
	"context"
	"os"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

// Report is the result of Check.
type Report struct {
	// Bytes is the length of the part of the file that is in use.
	Bytes int64
	Users int
	// Tokens includes expired ones.
	Tokens int
	// Findings are the damage, a sentence each, at most 100. A sound file has none.
	Findings []string
}

// refusal returns the error for a file at path with findings, or nil.
func (r Report) refusal(path string) error {
	if len(r.Findings) == 0 {
		return nil
	}
	return &DamagedError{path, boltfile.Damaged("it is damaged (findings: %d): %s", len(r.Findings), r.Findings[0])}
}

// Check checks a whole data file without writing to it: that every page is used once, that every record matches its checksum, and
// that accounts, unique keys, counters and recorded uses agree. Open does the same, but returns only the first finding. progress,
// which can be nil, is called with the bytes done and the bytes in use.
// Errors: *LockedError if a Store has the file open; *DamagedError if the file is cut off or not a data file, so that it cannot be
// checked further; *NewerError; those of the operating system and of the context, which name the file.
func Check(ctx context.Context, path string, progress func(done, total int64)) (Report, error) {
	if progress == nil {
		progress = func(_, _ int64) {}
	}
	file, err := openFile(path, os.O_RDONLY)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = file.Close() }()
	if err := lock(file, path, shared); err != nil {
		return Report{}, err
	}
	return inspect(ctx, file, path, progress)
}

// inspect checks a whole file without mapping it or writing to it. Errors: as for Check.
func inspect(ctx context.Context, file *os.File, path string, progress func(done, total int64)) (Report, error) {
	info, err := file.Stat()
	if err != nil {
		return Report{}, err
	}
	if !info.Mode().IsRegular() {
		return Report{}, &DamagedError{path, boltfile.Damaged("it is not a regular file")}
	}
	w, err := boltfile.NewWalk(ctx, file, info.Size(), progress)
	if err != nil {
		return Report{}, refuse(path, err)
	}
	c := newContents(w)
	if err := c.inspect(); err != nil {
		return Report{}, refuse(path, err)
	}
	return Report{Bytes: w.Size(), Users: len(c.users), Tokens: c.tokens, Findings: w.Findings()}, nil
}

func newContents(w *boltfile.Walk) *contents {
	return &contents{
		Walk:     w,
		buckets:  map[string][]byte{},
		general:  map[string][]byte{},
		users:    map[pat.UserID]pat.TokenID{},
		unique:   map[string]pat.UserID{},
		services: map[pat.UserID]bool{},
	}
}
