package crash_test

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/must"
)

// sectorSize is the number of bytes that a disk writes atomically.
const sectorSize = 512

// disk is the disk after a trace. When the power is cut it can lose any part of what was not synced. It promises no more than
// POSIX does: writes, sizes and names reach the disk in any order, a write in any of its sectors.
type disk struct {
	root string
	// now is what the program sees, by path; kept is what is synced.
	now, kept map[string]*inode
	names     []nameChange
}

// inode is a file or folder.
type inode struct {
	folder bool
	synced []byte
	// size is the file's size as the program sees it.
	size    int64
	pending []dataChange
}

// dataChange is a change of a file that may not have reached the disk.
type dataChange struct {
	// data is nil for a change of size; offset is the new size then.
	data   []byte
	offset int64
	end    int
}

// nameChange is a change of the names in a folder that may not have reached the disk.
type nameChange struct {
	folder string
	apply  func(map[string]*inode)
	end    int
}

// newDisk returns a disk with the files below root, synced.
func newDisk(t *testing.T, root string) *disk {
	t.Helper()
	d := &disk{root: root, now: map[string]*inode{}, kept: map[string]*inode{}}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		node := &inode{folder: entry.IsDir()}
		if !node.folder {
			if node.synced, err = os.ReadFile(path); err != nil {
				return err
			}
			node.size = int64(len(node.synced))
		}
		d.now[path], d.kept[path] = node, node
		return nil
	})
	must.Do(t, err)
	return d
}

// begin applies an event to what the program sees.
func (d *disk) begin(e event) {
	node := d.now[e.path]
	switch {
	case e.kind == createFile && node == nil:
		d.name(e, &inode{})
	case e.kind == createFolder:
		d.name(e, &inode{folder: true})
	case e.kind == linkFile:
		e.path = e.to
		d.name(e, node)
	case e.kind == renameFile:
		from := e.path
		e.path = e.to
		d.rename(e, from, node)
	case e.kind == unlinkFile:
		d.record(e, func(names map[string]*inode) { delete(names, e.path) })
	case e.kind == writeFile && node != nil:
		node.writeFile(e)
	case e.kind == truncateFile && node != nil:
		node.pending = append(node.pending, dataChange{nil, e.offset, e.end})
		node.size = e.offset
	}
}

func (d *disk) name(e event, node *inode) {
	d.record(e, func(names map[string]*inode) { names[e.path] = node })
}

func (d *disk) rename(e event, from string, node *inode) {
	d.record(e, func(names map[string]*inode) {
		delete(names, from)
		names[e.path] = node
	})
}

func (d *disk) record(e event, apply func(map[string]*inode)) {
	apply(d.now)
	d.names = append(d.names, nameChange{filepath.Dir(e.path), apply, e.end})
}

func (n *inode) writeFile(e event) {
	offset := e.offset
	if offset == atEnd {
		offset = n.size
	}
	n.pending = append(n.pending, dataChange{e.data, offset, e.end})
	n.size = max(n.size, offset+int64(len(e.data)))
}

// synced applies a sync that has ended: whatever ended before it began is kept.
func (d *disk) synced(e event) {
	before := func(end int) bool { return end < e.begin }
	if node := d.now[e.path]; node != nil && !node.folder {
		node.pending = slices.DeleteFunc(node.pending, func(w dataChange) bool {
			if before(w.end) {
				node.synced = w.apply(node.synced, all)
			}
			return before(w.end)
		})
	}
	d.names = slices.DeleteFunc(d.names, func(n nameChange) bool {
		if n.folder == e.path && before(n.end) {
			n.apply(d.kept)
			return true
		}
		return false
	})
}

// choice reports for each part that was not synced whether it has reached the disk.
type choice func() bool

func all() bool  { return true }
func none() bool { return false }

// some chooses each part with a probability of one half.
func some(rng *rand.Rand) choice { return func() bool { return rng.IntN(2) == 0 } }

// first chooses up to a random part, as if parts reached the disk in order.
func first(rng *rand.Rand) choice {
	left := rng.IntN(12)
	return func() bool {
		left--
		return left >= 0
	}
}

// apply changes the chosen sectors of data.
func (w dataChange) apply(data []byte, chosen choice) []byte {
	if w.data == nil {
		if !chosen() {
			return data
		}
		return resize(data, w.offset)
	}
	for i := 0; i < len(w.data); i += sectorSize {
		if chosen() {
			part := w.data[i:min(i+sectorSize, len(w.data))]
			at := int(w.offset) + i
			data = resize(data, int64(max(len(data), at+len(part))))
			copy(data[at:], part)
		}
	}
	return data
}

func resize(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

// cut returns the files after a power cut, by path.
func (d *disk) cut(chosen choice) map[string][]byte {
	names := maps.Clone(d.kept)
	for _, n := range d.names {
		if chosen() {
			n.apply(names)
		}
	}
	files := map[string][]byte{}
	for path, node := range names {
		if !node.folder && d.reachable(names, path) {
			data := slices.Clone(node.synced)
			for _, w := range node.pending {
				data = w.apply(data, chosen)
			}
			files[path] = data
		}
	}
	return files
}

// reachable reports whether every folder above path exists.
func (d *disk) reachable(names map[string]*inode, path string) bool {
	for folder := filepath.Dir(path); strings.HasPrefix(folder, d.root+"/"); folder = filepath.Dir(folder) {
		if names[folder] == nil {
			return false
		}
	}
	return true
}
