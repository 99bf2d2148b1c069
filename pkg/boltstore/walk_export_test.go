package boltstore

import (
	"bytes"
	"context"
	"hash/fnv"
)

// Inspect is Check of a file's content.
func Inspect(ctx context.Context, content []byte) (findings []string, err error) {
	file := bytes.NewReader(content)
	start, err := readMeta(file, file.Size())
	if err != nil {
		return nil, err
	}
	w := &walk{meta: start, stop: ctx.Err, file: file, progress: func(_, _ int64) {}, used: make([]bool, start.end)}
	if err := newContents(w).inspect(); err != nil {
		return nil, err
	}
	return w.findings, nil
}

// RepairMeta gives both meta pages of a file with small pages the checksum that they should have.
func RepairMeta(content []byte) {
	for at := 0; at <= minPageSize && at+pageHeaderLen+metaLen <= len(content); at += minPageSize {
		body := content[at+pageHeaderLen:]
		checksum := fnv.New64a()
		_, _ = checksum.Write(body[:56])
		order.PutUint64(body[56:], checksum.Sum64())
	}
}
