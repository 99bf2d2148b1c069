package boltstore

import (
	"runtime"

	"pats/pkg/boltstore/boltfile"
)

// decodeStep is the number of records that one goroutine decodes: enough that handing them over costs next to nothing.
const decodeStep = 256

// decoder decodes the records of a bucket on all processors, while the walk reads the next pages, and keeps their values in order.
// T is what is kept of a record.
type decoder[T any] struct {
	*boltfile.Walk
	// decode decodes one record. Errors: Damage.
	decode func(boltfile.Element) (T, error)
	// keep compares a decoded value with those kept before. Errors: Damage.
	keep func(T) error
	next []boltfile.Element
	// pending has the batches that are being decoded, the oldest first.
	pending []chan []decoded[T]
}

// decoded is the outcome of decoding one record.
type decoded[T any] struct {
	value T
	err   error
}

// visitDecoded visits the records of the bucket with this header. Errors: as for Walk.Bucket.
func visitDecoded[T any](w *boltfile.Walk, header []byte, decode func(boltfile.Element) (T, error), keep func(T) error) error {
	d := &decoder[T]{Walk: w, decode: decode, keep: keep}
	err := w.Bucket(header, d.add)
	for d.start(); len(d.pending) > 0; {
		d.finish()
	}
	return err
}

func (d *decoder[T]) add(e boltfile.Element) error {
	if d.next = append(d.next, e); len(d.next) == decodeStep {
		d.start()
	}
	return nil
}

// start starts decoding the next batch. It first finishes the oldest one if there are as many as processors.
func (d *decoder[T]) start() {
	if len(d.pending) == runtime.GOMAXPROCS(0) {
		d.finish()
	}
	batch, done := d.next, make(chan []decoded[T], 1)
	d.next = nil
	d.pending = append(d.pending, done)
	go func() { done <- d.all(batch) }()
}

func (d *decoder[T]) all(batch []boltfile.Element) []decoded[T] {
	results := make([]decoded[T], len(batch))
	for i, e := range batch {
		results[i].value, results[i].err = d.decode(e)
	}
	return results
}

// finish waits for the oldest batch and keeps its values, or notes their damage.
func (d *decoder[T]) finish() {
	results := <-d.pending[0]
	d.pending = d.pending[1:]
	for _, r := range results {
		if r.err == nil {
			r.err = d.keep(r.value)
		}
		_ = d.Note(r.err) // decode and keep return nothing but Damage
	}
}
