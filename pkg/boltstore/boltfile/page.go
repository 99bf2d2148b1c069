package boltfile

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
)

// The parts of bbolt's file format, version 2, that checking a file needs. Integers are in the byte order of the machine.
//
//	page     id (8 bytes), flags (2), count (2), number of overflow pages that follow it (4), then count elements
//	leaf     element: flags (4), position of the key from the element's own (4), length of key (4) and of value (4)
//	branch   element: position of the key (4), its length (4), id of the page below (8)
//	freelist element: id of a page (8); if count is 65535, the first one is the count
//	meta     pages 0 and 1: magic, version, page size, flags (4 each); id of the root page, a sequence, id of the
//	         freelist's page, id after the last page, id of the transaction (8 each); FNV-1a of all that (8)
//	bucket   value of a leaf element: id of the root page, or 0 if that page follows in the value itself (8), a sequence (8)
const (
	pageHeaderLen   = 16
	elementLen      = 16
	bucketHeaderLen = 16
	metaLen         = 64
	pageIDLen       = 8

	branchFlag   = 0x01
	leafFlag     = 0x02
	metaFlag     = 0x04
	freelistFlag = 0x10
	bucketFlag   = 0x01

	boltMagic   = 0xED0CDAED
	boltVersion = 2
	minPageSize = 1 << 10
	maxPageSize = 1 << 16
	maxPages    = 1 << 40
	longList    = 0xFFFF
)

var order = binary.NativeEndian

type pageID uint64

// meta is the content of a meta page.
type meta struct {
	pageSize int64
	root     pageID
	freelist pageID
	// end is above every page in use.
	end         pageID
	transaction uint64
}

// bytes returns the length of this number of pages, at most end.
func (m meta) bytes(pages uint64) int64 {
	return int64(pages) * m.pageSize //nolint:gosec // readMeta has bounded end
}

// readMeta reads both meta pages and returns the newer. Errors: Damage; those of r.
func readMeta(r io.ReaderAt, size int64) (meta, error) {
	if size == 0 {
		return meta{}, Damaged("it is empty")
	}
	first, err := readMetaPage(r, 0, 0)
	if err != nil {
		return meta{}, err
	}
	second, err := readMetaPage(r, first.pageSize, 1)
	if err != nil {
		return meta{}, err
	}
	newer := first
	if second.transaction > first.transaction {
		newer = second
	}
	switch {
	case first.pageSize != second.pageSize:
		return meta{}, Damaged("its meta pages disagree")
	case newer.bytes(uint64(newer.end)) > size:
		return meta{}, Damaged("it is cut off: it has %d bytes, but at least %d pages of %d bytes", size, newer.end, newer.pageSize)
	}
	return newer, nil
}

func readMetaPage(r io.ReaderAt, offset int64, id pageID) (meta, error) {
	data := make([]byte, pageHeaderLen+metaLen)
	if err := readFull(r, data, offset); err != nil {
		return meta{}, err
	}
	return parseMeta(data, id)
}

// readFull fills data from offset. Errors: Damage if the file is too short; those of r.
func readFull(r io.ReaderAt, data []byte, offset int64) error {
	n, err := r.ReadAt(data, offset)
	switch {
	case n == len(data):
		return nil
	case errors.Is(err, io.EOF):
		return Damaged("it is cut off at byte %d", offset+int64(n))
	}
	return err
}

func parseMeta(data []byte, id pageID) (meta, error) {
	p, body := parsePage(data), data[pageHeaderLen:]
	m := meta{
		pageSize:    int64(order.Uint32(body[8:])),
		root:        pageID(order.Uint64(body[16:])),
		freelist:    pageID(order.Uint64(body[32:])),
		end:         pageID(order.Uint64(body[40:])),
		transaction: order.Uint64(body[48:]),
	}
	checksum := fnv.New64a()
	_, _ = checksum.Write(body[:56])
	switch {
	case order.Uint32(body) != boltMagic:
		return meta{}, Damaged("it is not a data file, or its page %d is damaged", id)
	case order.Uint64(body[56:]) != checksum.Sum64(), p.id != id, p.flags != metaFlag:
		return meta{}, Damaged("its meta page %d is damaged", id)
	case order.Uint32(body[4:]) != boltVersion:
		return meta{}, Damaged("it has version %d of bbolt's format, not %d", order.Uint32(body[4:]), boltVersion)
	case m.pageSize < minPageSize, m.pageSize > maxPageSize, m.pageSize&(m.pageSize-1) != 0:
		return meta{}, Damaged("its pages have %d bytes", m.pageSize)
	case m.end > maxPages:
		return meta{}, Damaged("it has %d pages", m.end)
	}
	return m, nil
}

// page is a page with its overflow pages, or the page inside a bucket's value.
type page struct {
	id       pageID
	flags    uint16
	count    int
	overflow uint64
	data     []byte
}

// parsePage reads the header of data, which has at least pageHeaderLen bytes.
func parsePage(data []byte) page {
	return page{
		id:       pageID(order.Uint64(data)),
		flags:    order.Uint16(data[8:]),
		count:    int(order.Uint16(data[10:])),
		overflow: uint64(order.Uint32(data[12:])),
		data:     data,
	}
}

// Element is a key of a leaf with its value, or a key of a branch with the id of the page below.
type Element struct {
	Key, Value []byte
	IsBucket   bool
	child      pageID
}

// elements returns the elements of a leaf or branch. Errors: Damage.
func (p page) elements() ([]Element, error) {
	if pageHeaderLen+p.count*elementLen > len(p.data) {
		return nil, Damaged("page %d has no room for its %d elements", p.id, p.count)
	}
	elements := make([]Element, p.count)
	for i := range elements {
		var fits bool
		if elements[i], fits = p.element(pageHeaderLen + i*elementLen); !fits {
			return nil, Damaged("element %d of page %d reaches beyond the page", i, p.id)
		}
	}
	return elements, nil
}

func (p page) element(at int) (Element, bool) {
	head := p.data[at : at+elementLen]
	if p.flags == branchFlag {
		key, fits := p.cut(at, order.Uint32(head), 0, order.Uint32(head[4:]))
		return Element{Key: key, child: pageID(order.Uint64(head[8:]))}, fits
	}
	position, keyLen, valueLen := order.Uint32(head[4:]), order.Uint32(head[8:]), order.Uint32(head[12:])
	key, keyFits := p.cut(at, position, 0, keyLen)
	value, valueFits := p.cut(at, position, keyLen, valueLen)
	return Element{Key: key, Value: value, IsBucket: order.Uint32(head)&bucketFlag != 0}, keyFits && valueFits
}

// cut returns the n bytes at position and skip from at, and reports whether the page has them.
func (p page) cut(at int, position, skip, n uint32) ([]byte, bool) {
	start := int64(at) + int64(position) + int64(skip)
	end := start + int64(n)
	if end > int64(len(p.data)) {
		return nil, false
	}
	return p.data[start:end:end], true
}

// free returns the ids in a freelist's page. Errors: Damage.
func (p page) free() ([]pageID, error) {
	var free []pageID
	for ids := p.data[pageHeaderLen:]; len(ids) >= pageIDLen; ids = ids[pageIDLen:] {
		free = append(free, pageID(order.Uint64(ids)))
	}
	count := pageID(p.count) //nolint:gosec // read from 16 bits
	if p.count == longList && len(free) > 0 {
		count, free = free[0], free[1:]
	}
	if p.flags != freelistFlag || count > pageID(len(free)) {
		return nil, Damaged("page %d is not a list of free pages", p.id)
	}
	return free[:count], nil
}
