package boltstore_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 1<<16)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	for name, content := range map[string][]byte{
		"empty":         {},
		"one byte":      {0},
		"text":          []byte(strings.Repeat("This is no data file.\n", 1000)),
		"zeros":         make([]byte, 1<<16),
		"random bytes":  noise,
		"SQLite":        append([]byte("SQLite format 3\x00"), make([]byte, 8176)...),
		"JSON":          []byte(`{"pats":[]}`),
		"short of meta": make([]byte, 79),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			write(t, path, content)
			if !outcome(t, path, nil) {
				t.Error("the file was accepted")
			}
		})
	}
}

func TestBoltFileOfAnotherProgramIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bolt.Tx) error{
		"no buckets": func(*bolt.Tx) error { return nil },
		"other buckets": func(tx *bolt.Tx) error {
			_, err := tx.CreateBucket([]byte("widgets"))
			return err
		},
		"a bucket of the same name": func(tx *bolt.Tx) error {
			bucket, err := tx.CreateBucket([]byte("meta"))
			return errors.Join(err, bucket.Put([]byte("format"), []byte("1")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			if err := boltstore.Change(path, change); err != nil {
				t.Fatalf("Change: %v", err)
			}
			if !outcome(t, path, nil) {
				t.Error("the file was accepted")
			}
		})
	}
}

func TestNewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 2)
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("a bucket of the future"))
		return errors.Join(err, boltstore.Put(tx, "meta", []byte("format"), boltstore.Format+1))
	}); err != nil {
		t.Fatalf("Change: %v", err)
	}
	before := stateOf(t, path)
	_, openErr := boltstore.Open(path)
	_, checkErr := boltstore.Check(t.Context(), path, nil)
	for name, err := range map[string]error{"Open": openErr, "Check": checkErr} {
		newer, ok := errors.AsType[*boltstore.NewerError](err)
		if !ok || newer.Path != path || newer.Format != boltstore.Format+1 || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want a *NewerError that names %s and format %d", name, err, path, boltstore.Format+1)
		}
	}
	if after := stateOf(t, path); after != before {
		t.Error("the file was changed")
	}
}

// TestOldFilesOpen opens a file of each format, as an earlier version has written it, on machines of its byte order.
func TestOldFilesOpen(t *testing.T) {
	t.Parallel()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's files have the byte order of the machine that wrote them, here another")
	}
	var want []pat.Account
	if err := json.Unmarshal(read(t, "testdata/formats/accounts.json"), &want); err != nil {
		t.Fatal(err)
	}
	for format := 1; format <= boltstore.Format; format++ {
		path := dataFile(t)
		write(t, path, read(t, fmt.Sprintf("testdata/formats/%d.db", format)))
		for range 2 { // the first time upgrades the file
			wantContent(t, openLoose(t, path), want)
		}
		if !isSound(t, path) {
			t.Errorf("format %d: Check finds damage", format)
		}
	}
}

// TestFormat1IsUpgraded opens a file of the format that has no imports: it is sound, and takes them.
func TestFormat1IsUpgraded(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 2)
	if err := boltstore.Change(path, func(tx *bolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("imported")), boltstore.Put(tx, "meta", []byte("format"), 1))
	}); err != nil {
		t.Fatalf("Change: %v", err)
	}
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Fatalf("Check: got %q and %v, want a sound file", report.Findings, err)
	}
	for range 2 {
		store := openLoose(t, path)
		got, err := store.Account(t.Context(), want[0].ID)
		if diff := cmp.Diff(want[0], got); diff != "" || err != nil {
			t.Errorf("got %v, -want +got:\n%s", err, diff)
		}
		_, err = store.LookUp(t.Context(), "x")
		pattest.WantKind(t, err, pat.KindNotFound)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	report, err = boltstore.Check(t.Context(), path, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("Check afterwards: got %q and %v, want a sound file", report.Findings, err)
	}
}

func TestPathOfNoFileIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	write(t, file, []byte("text"))
	for name, path := range map[string]string{
		"a folder":                folder,
		"a device":                os.DevNull,
		"a file for a folder":     filepath.Join(file, "pats.db"),
		"a name that is too long": filepath.Join(folder, strings.Repeat("x", 300)),
	} {
		if _, err := boltstore.Open(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names %s", name, err, path)
		}
	}
}
