// Package startup measures how fast the functions start. The real binaries run with a stand-in for the Lambda Runtime API and use a
// table in DynamoDB Local over TLS. The same run starts a minimal Go Lambda, plain SDK code for the same job, and the same job on
// Node 20.
//
// It measures neither Lambda's own part, such as starting its virtual machine and fetching the zip, nor a memory limit.
package startup

import (
	"context"
	"errors"
	"fmt"
	"os"

	"pats/infra/bench/result"
)

// Part is the name of this part of the benchmarks.
const Part = "start-up"

// The quantities, in ms unless stated otherwise.
const (
	// Ready is the time from exec to the first request for an event.
	Ready = "exec to ready"
	// First is the time of the first invocation, from the event to the response.
	First = "first invocation"
	// Response is the sum of Ready and First.
	Response = "exec to first response"
	// Warm is the median of the invocations after the first, one right after the other.
	Warm = "warm invocation"
	// Billed is the mean of the same invocations, each rounded up to whole milliseconds as Lambda bills them.
	Billed = "warm invocation, billed"
	// ReadyProcessor, FirstProcessor and WarmProcessor are the CPU times of all threads, the last as the mean of the invocations
	// after the first. Other load on the machine hardly affects them.
	ReadyProcessor = "exec to ready, processor time"
	FirstProcessor = "first invocation, processor time"
	WarmProcessor  = "warm invocation, processor time"
	// Memory is the peak resident memory in MiB.
	Memory = "peak memory"
	// Zip is the size of the deployed archive in MB.
	Zip = "zip"
)

// The subjects.
const (
	Authorizer       = "authorizer"
	SharedAuthorizer = "shared authorizer"
	Tokens           = "tokens"
	Hello            = "hello"
	Plain            = "plain SDK code"
	Node             = "Node 20"
	// Of these two, only the Zip is measured.
	Users       = "users"
	AdminTokens = "tokens of all users"
)

// Options determine how much is measured.
type Options struct {
	// Rounds is the number of starts of each subject at full speed and at 128 MB. At the other memory sizes it is half of that.
	Rounds int
	// Root is the root of the repository.
	Root string
}

// Run starts every subject once per round and speed, and compares the authorizer with the others. It adds what it skips to run.Skipped
// with the reason: Node 20 if Node.js is missing, CPU shares if it cannot create a control group. It returns an error if a subject does
// not start or sends a wrong response.
func Run(ctx context.Context, run *result.Run, options Options) (err error) {
	folder, err := os.MkdirTemp("", "pats-startup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	subjects, skipped, err := build(ctx, options.Root, folder)
	if err != nil {
		return err
	}
	run.Skipped = append(run.Skipped, skipped...)
	speeds, err := findSpeeds()
	if err != nil {
		run.Skipped = append(run.Skipped, fmt.Sprintf("%s, the CPU shares of memory sizes: %v", Part, err))
	}
	db, err := openDatabase(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := (bench{db, subjects, speeds, run}).measure(ctx, options.Rounds); err != nil {
		return err
	}
	return addZips(ctx, run, folder)
}

// bench holds what all rounds share.
type bench struct {
	db       *database
	subjects []subject
	speeds   []speed
	run      *result.Run
}

func (b bench) measure(ctx context.Context, rounds int) error {
	if err := b.rehearse(ctx); err != nil {
		return err
	}
	for round := range rounds {
		if err := b.round(ctx, round); err != nil {
			return err
		}
	}
	return b.compare()
}

// rehearse starts every subject once, so that the first round finds its files in the page cache, as later rounds do.
func (b bench) rehearse(ctx context.Context) error {
	who, err := b.db.caller(ctx)
	if err != nil {
		return err
	}
	for _, s := range b.subjects {
		if _, err := b.start(ctx, s, fullSpeed, who); err != nil {
			return err
		}
	}
	return nil
}

// round starts every subject at every speed, beginning with a different subject each time. Each round has a new token whose use was
// just recorded; otherwise one start in five minutes would pay for recording it.
func (b bench) round(ctx context.Context, round int) error {
	who, err := b.db.caller(ctx)
	if err != nil {
		return err
	}
	for _, at := range b.speeds {
		if !at.always && round%2 == 1 {
			continue
		}
		for i := range b.subjects {
			s := b.subjects[(round+i)%len(b.subjects)]
			got, err := b.start(ctx, s, at, who)
			if err != nil {
				return err
			}
			for _, q := range got {
				if q.value != 0 { // a system reports zero for what it does not support
					b.run.Add(result.Key{Part: Part, What: q.what, Under: at.name, Subject: s.name}, q.unit, q.value)
				}
			}
		}
	}
	return nil
}

// compare compares the authorizer with the subjects that are not part of this service, and the shared authorizer with it.
func (b bench) compare() error {
	for _, at := range b.speeds {
		if err := b.compareWith(at, SharedAuthorizer, Authorizer); err != nil {
			return err
		}
		for _, s := range b.subjects {
			if s.name == Authorizer || s.name == SharedAuthorizer || s.name == Tokens {
				continue
			}
			if err := b.compareWith(at, Authorizer, s.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b bench) compareWith(at speed, subject, against string) error {
	for _, what := range []string{Ready, First, Response, Warm} {
		key := result.Key{Part: Part, What: what, Under: at.name, Subject: subject}
		if err := b.run.Compare(key, against, ""); err != nil {
			return err
		}
	}
	return nil
}
