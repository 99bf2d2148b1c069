package boltstore

import (
	"bytes"
	"context"

	"pats/pkg/boltstore/boltfile"
)

// Inspect checks a file's content as Check does.
func Inspect(ctx context.Context, content []byte) (findings []string, err error) {
	file := bytes.NewReader(content)
	w, err := boltfile.NewWalk(ctx, file, file.Size(), func(_, _ int64) {})
	if err != nil {
		return nil, err
	}
	if err := newContents(w).inspect(); err != nil {
		return nil, err
	}
	return w.Findings(), nil
}
