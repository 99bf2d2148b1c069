package boltstore

import (
	"runtime"

	"pats/pkg/boltstore/boltfile"
)

// decodeStep is how many records one goroutine decodes: enough that handing them over costs next to nothing.
const decodeStep = 256

// decoding decodes the records of a bucket beside the walk, which reads the next pages meanwhile, on all processors. What they
// say is kept in their order. T is what is to be kept of a record.
type decoding[T any] struct {
	*boltfile.Walk
	// decode looks at a record alone. Errors: damage.
	decode func(boltfile.Element) (T, error)
	// keep holds what decode gave against what was kept before. Errors: damage.
	keep func(T) error
	next []boltfile.Element
	// under are the batches under way, the oldest first.
	under []chan []decoded[T]
}

// decoded is what became of one record.
type decoded[T any] struct {
	value T
	err   error
}

// visitDecoded visits the records of the bucket with this header. Errors: as for walk.bucket.
func visitDecoded[T any](w *boltfile.Walk, header []byte, decode func(boltfile.Element) (T, error), keep func(T) error) error {
	d := &decoding[T]{Walk: w, decode: decode, keep: keep}
	err := w.Bucket(header, d.add)
	for d.start(); len(d.under) > 0; {
		d.settle()
	}
	return err
}

func (d *decoding[T]) add(e boltfile.Element) error {
	if d.next = append(d.next, e); len(d.next) == decodeStep {
		d.start()
	}
	return nil
}

// start lets the next batch be decoded, and waits for the oldest one where as many as there are processors are under way.
func (d *decoding[T]) start() {
	if len(d.under) == runtime.GOMAXPROCS(0) {
		d.settle()
	}
	batch, done := d.next, make(chan []decoded[T], 1)
	d.next = nil
	d.under = append(d.under, done)
	go func() { done <- d.all(batch) }()
}

func (d *decoding[T]) all(batch []boltfile.Element) []decoded[T] {
	results := make([]decoded[T], len(batch))
	for i, e := range batch {
		results[i].value, results[i].err = d.decode(e)
	}
	return results
}

// settle waits for the oldest batch and keeps it, or notes what is wrong with it.
func (d *decoding[T]) settle() {
	results := <-d.under[0]
	d.under = d.under[1:]
	for _, r := range results {
		if r.err == nil {
			r.err = d.keep(r.value)
		}
		_ = d.Note(r.err) // it is damage, if it is anything
	}
}
