package boltstore_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

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

// TestOldFilesOpen opens a file of each format, as the first release with it has written it, on machines of its byte order.
func TestOldFilesOpen(t *testing.T) {
	t.Parallel()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("bbolt's files have the byte order of the machine that wrote them, here another")
	}
	for format := 1; format <= boltstore.Format; format++ {
		t.Run(strconv.Itoa(format), func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			write(t, path, read(t, fmt.Sprintf("testdata/formats/%d.db", format)))
			if !isSound(t, path) {
				t.Error("Check finds damage")
			}
			for range 2 { // the first time upgrades the file
				store := openLoose(t, path)
				_, err := store.LookUp(t.Context(), "x")
				pattest.WantKind(t, err, pat.KindNotFound)
				wantContent(t, store, oldAccounts(t, format))
			}
			if !isSound(t, path) {
				t.Error("Check finds damage after the upgrade")
			}
		})
	}
}

// oldAccounts returns the accounts in the file of a format.
func oldAccounts(t *testing.T, format int) []pat.Account {
	t.Helper()
	var accounts []pat.Account
	if err := json.Unmarshal(read(t, "testdata/formats/accounts.json"), &accounts); err != nil {
		t.Fatal(err)
	}
	holder := &accounts[2]
	for i := range holder.Tokens {
		holder.Tokens[i].Scopes = pat.Unscoped()
	}
	if format >= 3 {
		holder.Version++
		holder.Tokens[1].Scopes, holder.Tokens[1].Maker, holder.Tokens[1].Ancestors = pattest.Scopes(t, "orders:read", "pats:write"), pat.Maker{User: 3, Token: 1}, []pat.TokenID{1}
		holder.Tokens[2].Scopes = pat.Scopes{}
		holder.Tokens[3].Maker = pat.Maker{User: 1}
	}
	return accounts
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
