package boltfile

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// maxFindings bounds the findings of one file.
const maxFindings = 100

// metaPages is the number of meta pages, which come first.
const metaPages = 2

// Walk reads a file page by page with plain reads, and relies on nothing that it has not checked. It marks each page as used, so
// that it ends whatever the file contains, and can tell that each page is used exactly once or free.
type Walk struct {
	meta
	// stop returns the error of a context that is done.
	stop     func() error
	file     io.ReaderAt
	progress func(done, total int64)
	used     []bool
	done     uint64
	findings []string
}

// NewWalk reads the meta pages of file, which has size bytes. progress is called with the bytes done and the bytes in use.
// Errors: Damage; those of file.
func NewWalk(ctx context.Context, file io.ReaderAt, size int64, progress func(done, total int64)) (*Walk, error) {
	start, err := readMeta(file, size)
	if err != nil {
		return nil, err
	}
	return &Walk{meta: start, stop: ctx.Err, file: file, progress: progress, used: make([]bool, start.end)}, nil
}

// Size returns the number of bytes in use.
func (w *Walk) Size() int64 { return w.bytes(uint64(w.end)) }

// Findings returns the damage noted so far, a sentence each, at most 100.
func (w *Walk) Findings() []string { return w.findings }

// Buckets visits the root's elements, each of which should be a bucket. It comes before Bucket. Errors: as for Bucket.
func (w *Walk) Buckets(visit func(Element) error) error {
	if err := w.claim(0, metaPages); err != nil {
		return err
	}
	return w.tree(w.root, nil, nil, visit)
}

// Note adds err to the findings if it is Damage, and returns it otherwise.
func (w *Walk) Note(err error) error {
	if _, found := errors.AsType[Damage](err); !found {
		return err
	}
	if len(w.findings) < maxFindings {
		w.findings = append(w.findings, err.Error())
	}
	return nil
}

// claim marks n pages as used. Errors: Damage if one is used already, or does not exist.
func (w *Walk) claim(id pageID, n uint64) error {
	if id >= w.end || n > uint64(w.end-id) {
		return Damaged("page %d, of %d, lies beyond the end", id, n)
	}
	for next := id; next < id+pageID(n); next++ {
		if w.used[next] {
			return Damaged("page %d is used twice", next)
		}
		w.used[next] = true
	}
	w.done += n
	w.progress(w.bytes(w.done), w.Size())
	return nil
}

// load reads a page and claims it. Errors: Damage; those of the file and of the context.
func (w *Walk) load(id pageID) (page, error) {
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
		return page{}, Damaged("page %d has the id %d", id, p.id)
	}
	if p.overflow == 0 {
		return p, nil
	}
	return w.loadOverflow(p)
}

func (w *Walk) loadOverflow(p page) (page, error) {
	if err := w.claim(p.id+1, p.overflow); err != nil {
		return page{}, err
	}
	data := make([]byte, w.bytes(p.overflow+1))
	p.data = data
	return p, readFull(w.file, data, w.bytes(uint64(p.id)))
}

// Bucket visits the records of the bucket with this header, the value of its element, in order of key. Damage that visit returns,
// and damage below the bucket, is noted. Errors: Damage of the bucket itself; those of the file and of the context.
func (w *Walk) Bucket(header []byte, visit func(Element) error) error {
	if len(header) < bucketHeaderLen {
		return Damaged("a bucket is cut off")
	}
	if root := pageID(order.Uint64(header)); root != 0 {
		return w.tree(root, nil, nil, recordsOnly(visit))
	}
	inline := header[bucketHeaderLen:]
	if len(inline) < pageHeaderLen {
		return Damaged("a bucket is cut off")
	}
	p := parsePage(inline)
	if p.flags != leafFlag {
		return Damaged("a bucket does not contain a leaf")
	}
	return w.elements(p, nil, nil, recordsOnly(visit))
}

// recordsOnly returns visit for elements that are not buckets.
func recordsOnly(visit func(Element) error) func(Element) error {
	return func(e Element) error {
		if e.IsBucket {
			return Damaged("%q is a bucket", e.Key)
		}
		return visit(e)
	}
}

// tree visits the elements below the page with id. Keys must be at least low, and below high unless high is nil.
func (w *Walk) tree(id pageID, low, high []byte, visit func(Element) error) error {
	p, err := w.load(id)
	if err != nil {
		return err
	}
	if p.flags != leafFlag && p.flags != branchFlag {
		return Damaged("page %d is neither leaf nor branch", id)
	}
	return w.elements(p, low, high, visit)
}

func (w *Walk) elements(p page, low, high []byte, visit func(Element) error) error {
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
			err = w.tree(e.child, e.Key, nextKey(elements, i, high), visit)
		}
		if err := w.Note(err); err != nil {
			return err
		}
	}
	return nil
}

func nextKey(elements []Element, i int, high []byte) []byte {
	if i+1 < len(elements) {
		return elements[i+1].Key
	}
	return high
}

func inOrder(p page, elements []Element, low, high []byte) error {
	if len(elements) == 0 && p.flags == branchFlag {
		return Damaged("branch page %d is empty", p.id)
	}
	for i, e := range elements {
		beforeLow := bytes.Compare(e.Key, low) < 0 || (i > 0 && bytes.Equal(e.Key, low))
		if beforeLow || (high != nil && bytes.Compare(e.Key, high) >= 0) {
			return Damaged("key %d of page %d is out of order", i, p.id)
		}
		low = e.Key
	}
	return nil
}

// Finish checks that every page is used or free. It comes last, since pages that were not reached because of damage look lost.
// Errors: those of the file and of the context.
func (w *Walk) Finish() error {
	if err := w.Note(w.freePages()); err != nil {
		return err
	}
	if len(w.findings) == 0 {
		w.lostPages()
	}
	return nil
}

// freePages claims the free pages. Errors: Damage; those of the file and of the context.
func (w *Walk) freePages() error {
	p, err := w.load(w.freelist)
	if err != nil {
		return err
	}
	free, err := p.free()
	if err != nil {
		return err
	}
	for _, id := range free {
		if err := w.Note(w.claim(id, 1)); err != nil {
			return err
		}
	}
	return nil
}

// lostPages notes the pages that are neither used nor free.
func (w *Walk) lostPages() {
	for id, used := range w.used {
		if !used {
			_ = w.Note(Damaged("page %d is neither used nor free", id))
		}
	}
}
