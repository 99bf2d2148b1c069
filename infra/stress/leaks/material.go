package leaks

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Rules define what is searched and what is allowed.
type Rules struct {
	// Secrets are the files in which secrets are allowed.
	Secrets []Allowance
	// Modes are the files that may have another mode than 0600.
	Modes []Allowance
	// Skip lists files and folders that are not searched.
	Skip []string
}

// Allowance is an exception.
type Allowance struct {
	// In reports whether the file is one.
	In func(file File) bool
	// Why is the reason.
	Why string
}

// File is a file that was written.
type File struct {
	Path string
	Mode fs.FileMode
	// Token reports that the file contains exactly one registered token, in any spelling, and perhaps a line break.
	Token bool
	// Data reports that it is a data file of the embedded store.
	Data bool
}

// Result is the outcome of a search.
type Result struct {
	Files int
	Bytes int64
	Hits  []Hit
	// Modes are the data files and token files with another mode than 0600.
	Modes []File
	// Allowed counts the allowed hits and modes by reason.
	Allowed map[string]int
}

// Search searches the files below paths, also in gzip and zip files. It skips programs, links and everything that is not a regular file.
// Errors: those of reading.
func (s *Scanner) Search(rules Rules, paths ...string) (Result, error) {
	search := search{scanner: s, rules: rules, result: Result{Allowed: map[string]int{}}}
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && contains(rules.Skip, path):
				return filepath.SkipDir
			case !entry.Type().IsRegular() || contains(rules.Skip, path):
				return nil
			}
			return search.file(path)
		})
		if err != nil {
			return search.result, err
		}
	}
	return search.result, nil
}

func contains(paths []string, path string) bool {
	for _, p := range paths {
		if filepath.Clean(p) == filepath.Clean(path) {
			return true
		}
	}
	return false
}

type search struct {
	scanner *Scanner
	rules   Rules
	result  Result
}

func (s *search) file(path string) error {
	opened, err := os.Open(path) //nolint:gosec // the caller names what to search
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	info, err := opened.Stat()
	if err != nil {
		return err
	}
	start := make([]byte, 256)
	n, err := io.ReadFull(opened, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	start = start[:n]
	if bytes.HasPrefix(start, []byte("\x7fELF")) {
		return nil
	}
	file := File{Path: path, Mode: info.Mode(), Token: s.isToken(start, info.Size()), Data: isData(start)}
	hits, err := s.contents(path, io.MultiReader(bytes.NewReader(start), opened), start)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s.result.Files++
	s.result.Bytes += info.Size()
	s.judge(file, hits)
	return nil
}

// isToken reports whether the file is nothing but a token. text is its beginning.
func (s *search) isToken(text []byte, size int64) bool {
	return int64(len(text)) == size && s.scanner.known[canonical(strings.TrimRight(string(text), "\r\n"))]
}

// isData reports whether the file has bbolt's magic number in its first page.
func isData(start []byte) bool {
	return len(start) >= 20 && string(start[16:20]) == "\xed\xda\x0c\xed"
}

func (s *search) judge(file File, hits []Hit) {
	if (file.Token || file.Data) && file.Mode.Perm() != 0o600 && !s.allowed(s.rules.Modes, file) {
		s.result.Modes = append(s.result.Modes, file)
	}
	for _, hit := range hits {
		if !s.allowed(s.rules.Secrets, file) {
			s.result.Hits = append(s.result.Hits, hit)
		}
	}
}

// allowed reports whether an allowance covers the file, and counts it.
func (s *search) allowed(allowances []Allowance, file File) bool {
	for _, a := range allowances {
		if a.In(file) {
			s.result.Allowed[a.Why]++
			return true
		}
	}
	return false
}

// contents returns the hits in r, which begins with start, and in the files packed in it.
func (s *search) contents(path string, r io.Reader, start []byte) ([]Hit, error) {
	packed := bytes.HasPrefix(start, []byte("\x1f\x8b\x08")) || bytes.HasPrefix(start, []byte("PK\x03\x04"))
	if !packed {
		return s.scanner.Scan(path, r)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	hits, err := s.scanner.Scan(path, bytes.NewReader(all))
	if err != nil {
		return nil, err
	}
	return append(hits, s.unpacked(path, all)...), nil
}

// unpacked returns the hits in the files of an archive, as far as it can be unpacked.
func (s *search) unpacked(path string, data []byte) []Hit {
	if unpacked, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		return s.member(path+"!", unpacked)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	var hits []Hit
	for _, member := range archive.File {
		if opened, err := member.Open(); err == nil {
			hits = append(hits, s.member(path+"!"+member.Name, opened)...)
			_ = opened.Close()
		}
	}
	return hits
}

// member returns the hits in a packed file, as far as it can be unpacked, and in the files packed in it.
func (s *search) member(path string, r io.Reader) []Hit {
	data, _ := io.ReadAll(r) // a damaged file is searched up to the damage
	if bytes.HasPrefix(data, []byte("\x7fELF")) {
		return nil
	}
	hits, _ := s.contents(path, bytes.NewReader(data), data[:min(len(data), 256)]) // reading memory does not fail
	return hits
}
