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
)

// sectorSize is what a disk writes wholly or not at all, in bytes.
const sectorSize = 512

// disk is what a trace leaves on a disk that forgets, when the power is cut, any part of what was not synced. It promises no more
// than POSIX does: writes, sizes and names reach the disk in any order, a write in any of its sectors.
type disk struct {
	root string
	// now is by path what the program sees, kept what is synced.
	now, kept map[string]*inode
	names     []naming
}

// inode is a file or folder.
type inode struct {
	folder bool
	synced []byte
	// size is that of the file as the program sees it.
	size    int64
	pending []writing
}

// writing is a change of a file that may not have reached the disk.
type writing struct {
	// data is nil for a change of the size alone, which is offset then.
	data   []byte
	offset int64
	end    int
}

// naming is a change of the names in a folder that may not have reached the disk.
type naming struct {
	folder string
	apply  func(map[string]*inode)
	end    int
}

// newDisk has what is below root as it is, synced.
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
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// begin has an event take effect as far as the program sees it.
func (d *disk) begin(e event) {
	node := d.now[e.path]
	switch {
	case e.kind == makes && node == nil:
		d.name(e, &inode{})
	case e.kind == makesFolder:
		d.name(e, &inode{folder: true})
	case e.kind == links:
		e.path = e.to
		d.name(e, node)
	case e.kind == renames:
		from := e.path
		e.path = e.to
		d.rename(e, from, node)
	case e.kind == unlinks:
		d.record(e, func(names map[string]*inode) { delete(names, e.path) })
	case e.kind == write && node != nil:
		node.write(e)
	case e.kind == truncate && node != nil:
		node.pending = append(node.pending, writing{nil, e.offset, e.end})
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
	d.names = append(d.names, naming{filepath.Dir(e.path), apply, e.end})
}

func (n *inode) write(e event) {
	offset := e.offset
	if offset == atEnd {
		offset = n.size
	}
	n.pending = append(n.pending, writing{e.data, offset, e.end})
	n.size = max(n.size, offset+int64(len(e.data)))
}

// synced has the effect of a sync that has ended: what had ended before it began lasts.
func (d *disk) synced(e event) {
	before := func(end int) bool { return end < e.begin }
	if node := d.now[e.path]; node != nil && !node.folder {
		node.pending = slices.DeleteFunc(node.pending, func(w writing) bool {
			if before(w.end) {
				node.synced = w.apply(node.synced, all)
			}
			return before(w.end)
		})
	}
	d.names = slices.DeleteFunc(d.names, func(n naming) bool {
		if n.folder == e.path && before(n.end) {
			n.apply(d.kept)
			return true
		}
		return false
	})
}

// choice says of each part that was not synced whether it has reached the disk.
type choice func() bool

func all() bool  { return true }
func none() bool { return false }

// some chooses each with the same chance.
func some(rng *rand.Rand) choice { return func() bool { return rng.IntN(2) == 0 } }

// first chooses up to a random one: what reaches the disk in order.
func first(rng *rand.Rand) choice {
	left := rng.IntN(12)
	return func() bool {
		left--
		return left >= 0
	}
}

// apply changes the sectors of data that are chosen.
func (w writing) apply(data []byte, chosen choice) []byte {
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

// cut gives the files that are there after a cut, by path.
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

// reachable says whether every folder above path is there.
func (d *disk) reachable(names map[string]*inode, path string) bool {
	for folder := filepath.Dir(path); strings.HasPrefix(folder, d.root+"/"); folder = filepath.Dir(folder) {
		if names[folder] == nil {
			return false
		}
	}
	return true
}
