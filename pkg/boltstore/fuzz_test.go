package boltstore_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// small returns the content of a data file of small pages, some of which are branches, and the accounts that a Store reads there.
func small(f *testing.F) (content []byte, want []pat.Account) {
	f.Helper()
	path := dataFile(f)
	if err := errors.Join(boltstore.CreateSmall(path), boltstore.Change(path, func(tx *bolt.Tx) error { return fill(tx, 12) })); err != nil {
		f.Fatal(err)
	}
	store, err := boltstore.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	holder := pattest.NewHolder(f, store, service, pattest.Profile("holder", pat.Editor))
	if _, err := service.Authenticate(f.Context(), holder.Secret); err != nil {
		f.Fatal(err)
	}
	want = all(f, store)
	if err := store.Close(); err != nil {
		f.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		f.Fatal(err)
	}
	return content, want
}

// all returns all accounts of a Store. It fails the test if one contradicts itself.
func all(tb testing.TB, store *boltstore.Store) []pat.Account {
	tb.Helper()
	accounts, err := store.Accounts(tb.Context(), 0, 1<<20)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range accounts {
		accounts[i] = pattest.Read(tb, store, accounts[i].ID)
		last := pat.TokenID(0)
		for _, token := range accounts[i].Tokens {
			if token.ID <= last || token.ID >= accounts[i].NextTokenID {
				tb.Errorf("user %d: got token %d after %d, with %d as the next", accounts[i].ID, token.ID, last, accounts[i].NextTokenID)
			}
			last = token.ID
		}
	}
	return accounts
}

// FuzzPages overwrites two places of a data file. The file is refused, or read without a fault: as it was written, except where the
// meta pages got right checksums, which can turn a file into an older one.
func FuzzPages(f *testing.F) {
	good, want := small(f)
	const page = boltstore.SmallPage
	f.Add(uint32(0), []byte{}, uint32(0), []byte{}, false)
	f.Add(uint32(8), []byte{1}, uint32(page+8), []byte{1}, false)
	f.Add(uint32(16+16), []byte{2}, uint32(page+16+16), []byte{2}, true)
	f.Add(uint32(16+32), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, uint32(page+16+40), []byte{0xff, 0xff, 0xff, 0xff, 0xff}, true)
	f.Add(uint32(16+48), []byte{0xff}, uint32(page+16+48), []byte{0}, true)
	f.Add(uint32(16+8), []byte{0, 0, 1, 0}, uint32(page+16+8), []byte{0, 0, 1, 0}, true)
	for at := 2 * page; at < len(good); at += page {
		f.Add(uint32(at+10), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint32(at+16), []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, false)
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte, otherAt uint32, otherWith []byte, repair bool) {
		bad := bytes.Clone(good)
		copy(bad[int(at)%len(bad):], with)
		copy(bad[int(otherAt)%len(bad):], otherWith)
		if repair {
			repairMeta(bad)
		}
		findings, err := boltstore.Inspect(t.Context(), bad)
		if err != nil || len(findings) > 0 {
			return
		}
		path := filepath.Join(t.TempDir(), "pats.db")
		write(t, path, bad)
		store := openLoose(t, path)
		got := all(t, store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" && !repair {
			t.Errorf("wrong data was read, -want +got:\n%s", diff)
		}
	})
}

// repairMeta writes the right checksum into both meta pages of a file with small pages.
func repairMeta(content []byte) {
	for _, page := range []int{0, boltstore.SmallPage} {
		if page+80 > len(content) {
			return
		}
		body := content[page+16 : page+80]
		checksum := fnv.New64a()
		_, _ = checksum.Write(body[:56])
		binary.NativeEndian.PutUint64(body[56:], checksum.Sum64())
	}
}

// FuzzRecord puts a record with a right checksum under any key. The file is refused with its name, or everything in it can be read
// without a contradiction.
func FuzzRecord(f *testing.F) {
	good, _ := small(f)
	buckets := []string{"meta", "accounts", "unique", "seen", "imported", "services"}
	for i, payload := range []string{
		`{"lastUser":9007199254740993,"admins":-1}`, `{"role":9,"nextToken":-1,"tokens":[{"id":-5},{"id":-5}]}`, `"1"`, `-1`, `0`, `null`, `[]`, `3`,
	} {
		f.Add(uint8(i), []byte("state"), []byte(payload))
		f.Add(uint8(i), boltstore.UserKey(1), []byte(payload))
		f.Add(uint8(i), boltstore.SeenKey(1, 1), []byte(payload))
		f.Add(uint8(i), []byte("username:user-1"), []byte(payload))
	}
	f.Add(uint8(1), boltstore.UserKey(1), []byte(`{"username":"user-0","name":"Name of user-0","email":"user-0@example.org","role":1,"nextToken":3,"tokens":[{"id":2},{"id":1}]}`))
	for _, scopes := range []string{`"a b"`, `"b a"`, `""`, `"*"`, `null`, `7`} {
		f.Add(uint8(1), boltstore.UserKey(1), []byte(`{"username":"user-0","name":"Name of user-0","email":"user-0@example.org","role":1,"nextToken":3,"tokens":[{"id":2,"scopes":`+scopes+`}]}`))
	}
	f.Add(uint8(0), []byte("format"), []byte("3"))
	f.Add(uint8(0), []byte("format"), []byte("-1"))
	f.Add(uint8(0), []byte("format"), []byte("1"))
	f.Fuzz(func(t *testing.T, bucket uint8, key, payload []byte) {
		if len(key) == 0 || len(key) > 256 || !json.Valid(payload) {
			t.Skip("nothing that can be put there")
		}
		path := filepath.Join(t.TempDir(), "pats.db")
		write(t, path, good)
		err := boltstore.Change(path, func(tx *bolt.Tx) error {
			name := buckets[int(bucket)%len(buckets)]
			_, err := tx.CreateBucketIfNotExists([]byte(name)) // a file without service accounts has no bucket for them
			return errors.Join(err, boltstore.Put(tx, name, key, json.RawMessage(payload)))
		})
		if err != nil {
			t.Fatal(err)
		}
		store, err := boltstore.Open(path)
		if err != nil {
			wantRefused(t, path, err)
			return
		}
		defer func() { _ = store.Close() }()
		all(t, store)
	})
}

func wantRefused(t *testing.T, path string, err error) {
	t.Helper()
	if _, isNewer := errors.AsType[*boltstore.NewerError](err); !isNewer {
		wantDamaged(t, path, err)
	}
}
