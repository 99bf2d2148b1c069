package boltfile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"pats/pkg/boltstore/boltfile"
)

const pageSize = 1 << 10

// records are keys and values, by bucket.
type records map[string]map[string]string

// build returns the content of a bbolt file with small pages, after one transaction for each of changes.
func build(tb testing.TB, changes ...func(*bolt.Tx) error) []byte {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "bolt.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: pageSize, NoSync: true})
	for _, change := range changes {
		err = errors.Join(err, db.Update(change))
	}
	content, readErr := os.ReadFile(path)
	if err := errors.Join(err, db.Close(), readErr); err != nil {
		tb.Fatal(err)
	}
	return content
}

// walk reads every record of a file, and returns the findings.
func walk(ctx context.Context, content []byte) (records, []string, error) {
	file := bytes.NewReader(content)
	w, err := boltfile.NewWalk(ctx, file, file.Size(), func(_, _ int64) {})
	if err != nil {
		return nil, nil, err
	}
	headers, found := map[string][]byte{}, records{}
	if err := w.Buckets(func(e boltfile.Element) error {
		headers[string(e.Key)] = e.Value
		return nil
	}); err != nil {
		return nil, nil, err
	}
	for name, header := range headers {
		found[name] = map[string]string{}
		if err := w.Note(w.Bucket(header, func(e boltfile.Element) error {
			found[name][string(e.Key)] = string(e.Value)
			return nil
		})); err != nil {
			return nil, nil, err
		}
	}
	err = w.Finish()
	return found, w.Findings(), err
}

// put writes want, and nothing else, into a file.
func put(want records) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		for name, values := range want {
			bucket, err := tx.CreateBucketIfNotExists([]byte(name))
			for key, value := range values {
				err = errors.Join(err, bucket.Put([]byte(key), []byte(value)))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// TestWalkReadsWhatBoltWrote compares a walk with what was written: buckets within a page, trees of pages, values larger than a
// page, and pages that a deletion has freed.
func TestWalkReadsWhatBoltWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want, gone := records{}, records{}
		for i := range rapid.IntRange(0, 4).Draw(r, "buckets") {
			name := fmt.Sprintf("bucket %d", i)
			want[name] = drawValues(r, "kept")
			gone[name] = drawValues(r, "gone")
			maps.DeleteFunc(gone[name], func(key, _ string) bool { _, kept := want[name][key]; return kept })
		}
		got, findings, err := walk(t.Context(), build(t, put(gone), put(want), remove(gone)))
		if err != nil || len(findings) > 0 {
			r.Fatalf("got %v and findings %q, want none", err, findings)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Errorf("records, -want +got:\n%s", diff)
		}
	})
}

func drawValues(r *rapid.T, what string) map[string]string {
	values := map[string]string{}
	for range rapid.IntRange(0, 80).Draw(r, what) {
		key := rapid.StringMatching("[a-z]{1,40}").Draw(r, "key")
		values[key] = strings.Repeat("x", rapid.IntRange(0, 3*pageSize).Draw(r, "length"))
	}
	return values
}

func remove(gone records) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		var errs []error
		for name, values := range gone {
			for key := range values {
				errs = append(errs, tx.Bucket([]byte(name)).Delete([]byte(key)))
			}
		}
		return errors.Join(errs...)
	}
}

// TestWalkEnds writes anything over a file: whatever it contains, a walk ends, without a panic.
func TestWalkEnds(t *testing.T) {
	t.Parallel()
	values := map[string]string{}
	for i := range 200 {
		values[fmt.Sprintf("key %d", i)] = strings.Repeat("x", i*7%1500)
	}
	good := build(t, put(records{"tree": values, "leaf": {"a": "b"}}), remove(records{"tree": {"key 7": "", "key 9": ""}}))
	rapid.Check(t, func(r *rapid.T) {
		bad := bytes.Clone(good)
		for range rapid.IntRange(1, 4).Draw(r, "writes") {
			page := rapid.IntRange(2, len(bad)/pageSize-1).Draw(r, "page")
			at := page*pageSize + rapid.IntRange(0, 63).Draw(r, "at")
			copy(bad[at:], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(r, "bytes"))
		}
		_, _, err := walk(t.Context(), bad)
		if _, isDamage := errors.AsType[boltfile.Damage](err); err != nil && !isDamage {
			r.Errorf("got %v, want Damage or nothing", err)
		}
	})
}

// TestWalkFinds checks a finding for each thing that a file can contradict itself in.
func TestWalkFinds(t *testing.T) {
	t.Parallel()
	good := build(t, put(records{"bucket": {"a": strings.Repeat("x", 2*pageSize)}}))
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":       {nil, "it is empty"},
		"a short file":  {good[:79], "it is cut off at byte 79"},
		"another file":  {bytes.Repeat([]byte("text"), pageSize), "it is not a data file"},
		"no last page":  {good[:5*pageSize], "it is cut off"},
		"a wrong id":    {patched(good, root(good)*pageSize, 0xff), "has the id"},
		"wrong flags":   {patched(good, root(good)*pageSize+8, 0x10), "neither leaf nor branch"},
		"many elements": {patched(good, root(good)*pageSize+10, 0xff), "no room for its 255 elements"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := walk(t.Context(), c.content)
			if _, isDamage := errors.AsType[boltfile.Damage](err); !isDamage || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want Damage with %q", err, c.want)
			}
		})
	}
}

func patched(content []byte, at int, value byte) []byte {
	result := bytes.Clone(content)
	result[at] = value
	return result
}

// root returns the id of the root page in the newer meta page, which is below 256.
func root(content []byte) int {
	first, second := content[16:], content[pageSize+16:]
	if second[48] > first[48] {
		return int(second[16])
	}
	return int(first[16])
}

func TestWalkStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := walk(ctx, build(t, put(records{"bucket": {"a": "b"}})))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
