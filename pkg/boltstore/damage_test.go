package boltstore_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// outcome opens a file that may be damaged. It fails the test unless Open and Check agree, and the file is either refused, by
// name and untouched, or read as it was written. It says whether the file was refused.
func outcome(t *testing.T, path string, want []pat.Account) (refused bool) {
	t.Helper()
	before := stateOf(t, path)
	sound := isSound(t, path)
	store, err := boltstore.Open(path)
	if sound != (err == nil) {
		t.Fatalf("Check finds the file sound: %t, but Open tells %v", sound, err)
	}
	if err != nil {
		wantDamaged(t, path, err)
	} else {
		wantContent(t, store, want)
	}
	if after := stateOf(t, path); after != before {
		t.Fatal("the file was changed")
	}
	return err != nil
}

func wantDamaged(t *testing.T, path string, err error) {
	t.Helper()
	damaged, ok := errors.AsType[*boltstore.DamagedError](err)
	if !ok || damaged.Path != path || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v, want a *DamagedError that names %s", err, path)
	}
}

// wantContent reads the store and closes it.
func wantContent(t *testing.T, store *boltstore.Store, want []pat.Account) {
	t.Helper()
	got, err := readAll(t, store)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("wrong data was read, -want +got:\n%s", diff)
	}
}

// TestEveryFlippedByte changes each byte of a file in turn. Each change is found, but for those of bytes that carry nothing:
// they may all change at once, and what is read stays the same.
func TestEveryFlippedByte(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 2)
	good := compact(t, path)
	var found, idle int
	for i, b := range good {
		patch(t, path, int64(i), b^1<<(i%8))
		switch {
		case isSound(t, path):
			idle++
			continue // and leave the change
		case found%64 == 0:
			outcome(t, path, want)
		}
		found++
		patch(t, path, int64(i), b)
	}
	if found < 2000 || idle == 0 {
		t.Errorf("%d changes of %d were found, want those that matter", found, len(good))
	}
	if outcome(t, path, want) {
		t.Error("all idle bytes together matter")
	}
}

// compact cuts off what a file does not use, and gives the rest.
func compact(t *testing.T, path string) []byte {
	t.Helper()
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	content := read(t, path)[:report.Bytes]
	write(t, path, content)
	return content
}

func isSound(t *testing.T, path string) bool {
	t.Helper()
	report, err := boltstore.Check(t.Context(), path, nil)
	return err == nil && len(report.Findings) == 0
}

// TestRandomDamage does to a file with many pages what disks, crashes and people do.
func TestRandomDamage(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 60)
	good := read(t, path)
	pages := len(good) / boltstore.SmallPage
	page := func(content []byte, i int) []byte {
		return content[i*boltstore.SmallPage : (i+1)*boltstore.SmallPage]
	}
	rapid.Check(t, func(r *rapid.T) {
		bad := bytes.Clone(good)
		one, other := rapid.IntRange(0, pages-1).Draw(r, "page"), rapid.IntRange(0, pages-1).Draw(r, "other page")
		switch rapid.SampledFrom([]string{"bytes", "header", "zero", "copy", "swap", "cut"}).Draw(r, "kind") {
		case "bytes":
			for range rapid.IntRange(1, 4).Draw(r, "how many") {
				bad[rapid.IntRange(0, len(bad)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "value")
			}
		case "header":
			page(bad, one)[rapid.IntRange(0, 47).Draw(r, "at")] = rapid.SampledFrom([]byte{0, 1, 2, 0x7f, 0x80, 0xff}).Draw(r, "value")
		case "zero":
			clear(page(bad, one))
		case "copy":
			copy(page(bad, one), page(good, other))
		case "swap":
			copy(page(bad, one), page(good, other))
			copy(page(bad, other), page(good, one))
		case "cut":
			bad = bad[:rapid.IntRange(0, len(bad)).Draw(r, "size")]
		}
		write(t, path, bad)
		outcome(t, path, want)
	})
}

// TestEveryTruncation cuts a file at each size, near and within its pages.
func TestEveryTruncation(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 8)
	good := read(t, path)
	report, err := boltstore.Check(t.Context(), path, nil)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	for base := 0; base <= len(good); base += boltstore.SmallPage / 4 {
		for _, size := range []int{base - 1, base, base + 1} {
			if size < 0 || size > len(good) {
				continue
			}
			write(t, path, good[:size])
			if got, cut := outcome(t, path, want), int64(size) < report.Bytes; got != cut {
				t.Errorf("%d of %d bytes: refused %t, want %t", size, len(good), got, cut)
			}
		}
	}
}

// TestOlderMetaPageIsNotUsed holds that damage does not bring back the state before the last change, with a token since revoked.
func TestOlderMetaPageIsNotUsed(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 2)
	good := read(t, path)
	for _, page := range []int{0, boltstore.SmallPage} {
		bad := bytes.Clone(good)
		bad[page+16+48] ^= 1 // the number of the change
		write(t, path, bad)
		if !outcome(t, path, want) {
			t.Errorf("damage to the meta page at %d was not refused", page)
		}
	}
}
