package boltstore

import (
	"bytes"
	"errors"
	"io"
)

// maxFindings bounds what is told of one file.
const maxFindings = 100

// walk goes through a file page by page, with plain reads, and trusts nothing that it has not checked. It notes each page, so
// that it ends whatever the file says, and so that in the end each page turns out to be in use exactly once, or free.
type walk struct {
	meta
	// stop gives the error of a context that is done.
	stop     func() error
	file     io.ReaderAt
	progress func(done, total int64)
	used     []bool
	done     uint64
	findings []string
}

// note keeps err as a finding if it is damage, and gives it back otherwise.
func (w *walk) note(err error) error {
	if _, found := errors.AsType[damage](err); !found {
		return err
	}
	if len(w.findings) < maxFindings {
		w.findings = append(w.findings, err.Error())
	}
	return nil
}

// claim counts n pages as used. Errors: damage if that cannot be.
func (w *walk) claim(id pageID, n uint64) error {
	if id >= w.end || n > uint64(w.end-id) {
		return damaged("page %d, of %d, lies beyond the end", id, n)
	}
	for next := id; next < id+pageID(n); next++ {
		if w.used[next] {
			return damaged("page %d is used twice", next)
		}
		w.used[next] = true
	}
	w.done += n
	w.progress(w.bytes(w.done), w.bytes(uint64(w.end)))
	return nil
}

// load reads a page and claims it. Errors: damage; those of the file and of the context.
func (w *walk) load(id pageID) (page, error) {
	if err := w.stop(); err != nil {
		return page{}, err
	}
	if err := w.claim(id, 1); err != nil {
		return page{}, err
	}
	data := make([]byte, w.pageSize)
	if err := readFull(w.file, data, w.bytes(uint64(id))); err != nil {
		return page{}, err
	}
	p := parsePage(data)
	if p.id != id {
		return page{}, damaged("page %d calls itself %d", id, p.id)
	}
	if p.overflow == 0 {
		return p, nil
	}
	return w.loadOverflow(p)
}

func (w *walk) loadOverflow(p page) (page, error) {
	if err := w.claim(p.id+1, p.overflow); err != nil {
		return page{}, err
	}
	data := make([]byte, w.bytes(p.overflow+1))
	p.data = data
	return p, readFull(w.file, data, w.bytes(uint64(p.id)))
}

// bucket visits the elements of the bucket with this header, in order of key. Errors: damage of the bucket itself; those of the
// file and of the context. Damage below it, and damage that visit finds, is noted.
func (w *walk) bucket(value []byte, visit func(element) error) error {
	if len(value) < bucketHeaderLen {
		return damaged("a bucket is cut off")
	}
	if root := pageID(order.Uint64(value)); root != 0 {
		return w.tree(root, nil, nil, plain(visit))
	}
	inline := value[bucketHeaderLen:]
	if len(inline) < pageHeaderLen {
		return damaged("a bucket is cut off")
	}
	p := parsePage(inline)
	if p.flags != leafFlag {
		return damaged("a bucket holds no leaf")
	}
	return w.elements(p, nil, nil, plain(visit))
}

// plain is visit, for elements that are no buckets.
func plain(visit func(element) error) func(element) error {
	return func(e element) error {
		if e.bucket {
			return damaged("%q is a bucket", e.key)
		}
		return visit(e)
	}
}

// tree visits what is below the page with id. Keys are from low, and below high unless that is nil.
func (w *walk) tree(id pageID, low, high []byte, visit func(element) error) error {
	p, err := w.load(id)
	if err != nil {
		return err
	}
	if p.flags != leafFlag && p.flags != branchFlag {
		return damaged("page %d is neither leaf nor branch", id)
	}
	return w.elements(p, low, high, visit)
}

func (w *walk) elements(p page, low, high []byte, visit func(element) error) error {
	elements, err := p.elements()
	if err != nil {
		return err
	}
	if err := inOrder(p, elements, low, high); err != nil {
		return err
	}
	for i, e := range elements {
		if p.flags == leafFlag {
			err = visit(e)
		} else {
			err = w.tree(e.child, e.key, nextKey(elements, i, high), visit)
		}
		if err := w.note(err); err != nil {
			return err
		}
	}
	return nil
}

func nextKey(elements []element, i int, high []byte) []byte {
	if i+1 < len(elements) {
		return elements[i+1].key
	}
	return high
}

func inOrder(p page, elements []element, low, high []byte) error {
	if len(elements) == 0 && p.flags == branchFlag {
		return damaged("branch page %d is empty", p.id)
	}
	for i, e := range elements {
		beforeLow := bytes.Compare(e.key, low) < 0 || (i > 0 && bytes.Equal(e.key, low))
		if beforeLow || (high != nil && bytes.Compare(e.key, high) >= 0) {
			return damaged("key %d of page %d is out of order", i, p.id)
		}
		low = e.key
	}
	return nil
}

// freePages claims the free pages. Errors: damage; those of the file and of the context.
func (w *walk) freePages() error {
	p, err := w.load(w.freelist)
	if err != nil {
		return err
	}
	free, err := p.free()
	if err != nil {
		return err
	}
	for _, id := range free {
		if err := w.note(w.claim(id, 1)); err != nil {
			return err
		}
	}
	return nil
}

// lost notes the pages that are neither used nor free.
func (w *walk) lostPages() {
	for id, used := range w.used {
		if !used {
			_ = w.note(damaged("page %d is lost: neither used nor free", id))
		}
	}
}
