package boltstore_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
)

// outcome opens a file that may be damaged. It fails the test unless Open and Check agree, and the file is either refused with its
// name and unchanged, or read as written. It reports whether the file was refused.
func outcome(t *testing.T, path string, want []pat.Account) (refused bool) {
	t.Helper()
	before := stateOf(t, path)
	sound := isSound(t, path)
	store, err := boltstore.Open(path)
	if sound != (err == nil) {
		t.Fatalf("Check finds the file sound: %t, but Open returns %v", sound, err)
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

// TestEveryFlippedByte changes each byte of a file in turn.
func TestEveryFlippedByte(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 2)
	good := compact(t, path)
	if found := flipEach(t, path, want, good, 0, len(good)); found < 2000 {
		t.Errorf("%d changes of %d were found, want those that matter", found, len(good))
	}
}

// TestEveryFlippedByteOfBranches changes the pages that lead to records and contain none.
func TestEveryFlippedByteOfBranches(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 60)
	good, branches := compact(t, path), 0
	for at := 0; at < len(good); at += boltstore.SmallPage {
		if isBranch := good[at+8] == 1; isBranch {
			branches++
			flipEach(t, path, want, good, at, at+boltstore.SmallPage)
		}
	}
	if branches < 2 {
		t.Errorf("the sample has %d branches, want at least 2", branches)
	}
}

// flipEach changes each byte between from and to in turn, and returns how many changes were found. The others are of unused bytes: they
// can all change together without a difference to any read.
func flipEach(t *testing.T, path string, want []pat.Account, good []byte, from, to int) (found int) {
	t.Helper()
	const run = 16 // bytes are changed together first: in most runs all are unused, or none
	for i := from; i < to; i += run {
		end := min(i+run, to)
		patch(t, path, int64(i), flipped(good[i:end])...)
		if isSound(t, path) {
			continue // and leave the change
		}
		patch(t, path, int64(i), good[i:end]...)
		for k := i; k < end; k++ {
			patch(t, path, int64(k), flipped(good[k:k+1])...)
			if isSound(t, path) {
				continue
			}
			if found++; found%64 == 0 {
				outcome(t, path, want)
			}
			patch(t, path, int64(k), good[k])
		}
	}
	if outcome(t, path, want) {
		t.Errorf("the unused bytes from %d to %d matter together", from, to)
	}
	patch(t, path, int64(from), good[from:to]...)
	return found
}

// flipped returns content with one bit of each byte changed, not always the same bit.
func flipped(content []byte) []byte {
	result := bytes.Clone(content)
	for i, b := range content {
		result[i] = b ^ 1<<(b%8)
	}
	return result
}

// compact cuts off the unused end of a file, and returns the rest.
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

// TestRandomDamage damages a file of many pages as disks, crashes and people do.
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
	good := compact(t, path)
	for base := 0; base <= len(good); base += boltstore.SmallPage / 4 {
		for _, size := range []int{base - 1, base, base + 1} {
			if size < 0 || size > len(good) {
				continue
			}
			write(t, path, good[:size])
			if got, cut := outcome(t, path, want), size < len(good); got != cut {
				t.Errorf("%d of %d bytes: refused %t, want %t", size, len(good), got, cut)
			}
		}
	}
}

// TestTruncationOfFreePages cuts off free pages, which no read would miss.
func TestTruncationOfFreePages(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 60)
	for range 2 { // pages are free for use only after the change that frees them
		if err := boltstore.Change(path, func(tx *bolt.Tx) error { return boltstore.RemoveOneIn(tx, 1) }); err != nil {
			t.Fatalf("Change: %v", err)
		}
	}
	good := compact(t, path)
	if !isSound(t, path) {
		t.Fatal("the whole file was refused")
	}
	write(t, path, good[:len(good)-boltstore.SmallPage])
	if !outcome(t, path, nil) {
		t.Error("the file was accepted")
	}
}

// TestDisorder swaps two elements of a page, so that a search fails although each record is sound.
func TestDisorder(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 60)
	good, tried := compact(t, path), 0
	for at := 2 * boltstore.SmallPage; at < len(good); at += boltstore.SmallPage {
		bad := bytes.Clone(good)
		if !swapFirstTwo(bad[at : at+boltstore.SmallPage]) {
			continue
		}
		write(t, path, bad)
		if outcome(t, path, want) {
			tried++
		}
	}
	if tried < 10 {
		t.Errorf("%d pages were refused, want more", tried)
	}
}

// swapFirstTwo swaps the first two elements of a leaf or branch, if p is one. The position of a key counts from its element.
func swapFirstTwo(p []byte) bool {
	order, flags := binary.NativeEndian, p[8]
	if p[10] < 2 || (flags != 1 && flags != 2) {
		return false
	}
	position := map[byte]int{1: 0, 2: 4}[flags]
	first, second := p[16:32], p[32:48]
	order.PutUint32(first[position:], order.Uint32(first[position:])-16)
	order.PutUint32(second[position:], order.Uint32(second[position:])+16)
	swapped := slices.Concat(second, first)
	copy(first, swapped)
	copy(second, swapped[16:])
	return true
}

// TestListOfFreePages removes a page from the list of free pages, and adds one that is in use and would be overwritten.
func TestListOfFreePages(t *testing.T) {
	t.Parallel()
	path, want := sample(t, 8)
	good := compact(t, path)
	list, root := currentPages(good)
	at, count := int64(list*boltstore.SmallPage), good[list*boltstore.SmallPage+10]
	for name, content := range map[string][]byte{
		"a page lost":   {count - 1},
		"a page in use": {count + 1},
	} {
		patch(t, path, at+10, content...)
		patch(t, path, at+16+8*int64(count), byte(root), 0, 0, 0, 0, 0, 0, 0)
		if !outcome(t, path, want) {
			t.Errorf("%s: the file was accepted", name)
		}
	}
	if count == 0 {
		t.Error("the sample has no free page")
	}
}

// currentPages returns the ids of the list of free pages and of the root, from the newer meta page.
func currentPages(content []byte) (list, root int) {
	order := binary.NativeEndian
	first, second := content[16:], content[boltstore.SmallPage+16:]
	newer := first
	if order.Uint64(second[48:]) > order.Uint64(first[48:]) {
		newer = second
	}
	return int(order.Uint64(newer[32:])), int(order.Uint64(newer[16:]))
}

// TestOlderMetaPageIsNotUsed checks that damage does not bring back the state before the last change, with a token since revoked.
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
