// Package startup measures how fast the functions start: the real binaries run beside a stand-in for the Lambda Runtime API, on a
// table in DynamoDB Local that they reach by TLS. Beside them, in the same run, start the least Go Lambda there is, the SDK's plain
// way of the same job, and the same job on Node 20.
//
// What Lambda adds itself, such as its virtual machine and fetching the zip, is not in it, and neither is a limit on memory.
package startup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"pats/infra/bench/progress"
	"pats/infra/bench/result"
)

// Part is the name of this part.
const Part = "start-up"

// What is measured.
const (
	// Ready is from exec to the first request for an event, in ms.
	Ready = "exec to ready"
	// First is the first invocation, from the event to the answer, in ms.
	First = "first invocation"
	// Answer is Ready and First together.
	Answer = "exec to first answer"
	// Warm is the median of the invocations after the first, one right after the other, in ms.
	Warm = "warm invocation"
	// Billed is the mean of the same invocations when each is rounded up to whole ms, as Lambda bills them.
	Billed = "warm invocation, billed"
	// ReadyProcessor, FirstProcessor and WarmProcessor are the processor time of all threads meanwhile, in ms: the last is the
	// mean of the invocations after the first. What else runs on the machine matters little to them.
	ReadyProcessor = "exec to ready, processor time"
	FirstProcessor = "first invocation, processor time"
	WarmProcessor  = "warm invocation, processor time"
	// Memory is the most memory that was resident at once, in MiB.
	Memory = "peak memory"
	// Zip is the size of the archive that is deployed, in MB.
	Zip = "zip"
)

// The subjects.
const (
	Authorizer = "authorizer"
	Tokens     = "tokens"
	Users      = "users" // of which only Zip is measured
	Hello      = "hello"
	Plain      = "SDK's plain way"
	Node       = "Node 20"
)

// Options say how long it shall take.
type Options struct {
	// Rounds is how often each subject starts at full speed and at 128 MB; at the other shares it is half as often.
	Rounds int
	// Root is the root of the repository.
	Root string
	// Progress gets a line for each round.
	Progress io.Writer
}

// Run starts every subject once in each round, at each speed, and compares the authorizer with the others. What it has to leave
// out it adds to run.LeftOut with the reason: Node 20 where there is no Node, the shares of a processor where a control group
// cannot be made. Errors: what did not start, or an answer that is not the one it should be.
func Run(ctx context.Context, run *result.Run, options Options) error {
	return runWith(ctx, run, options, cgroupRoot)
}

func runWith(ctx context.Context, run *result.Run, options Options, cgroups string) (err error) {
	folder, err := os.MkdirTemp("", "pats-startup-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	made, err := build(ctx, options.Root, folder)
	if err != nil {
		return err
	}
	run.LeftOut = append(run.LeftOut, made.leftOut...)
	speeds, err := speedsOf(cgroups)
	if err != nil {
		run.LeftOut = append(run.LeftOut, fmt.Sprintf("%s, the processor shares of memory sizes: %v", Part, err))
	}
	db, err := openDatabase(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := measure(ctx, bench{db, made.subjects, speeds}, options, run); err != nil {
		return err
	}
	return made.addZips(run)
}

// bench is what all rounds share.
type bench struct {
	db       *database
	subjects []subject
	speeds   []speed
}

func measure(ctx context.Context, b bench, options Options, run *result.Run) error {
	notes := notes{}
	bar := progress.New(options.Progress, Part+", rounds", options.Rounds)
	if err := b.rehearse(ctx); err != nil {
		return err
	}
	for round := range options.Rounds {
		if err := b.round(ctx, round, notes); err != nil {
			return err
		}
		bar.Add(1)
	}
	return notes.addTo(run, b)
}

// rehearse starts every subject once, so that the first round finds the files in the page cache as the others do.
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

// round starts every subject at every speed, each time with another subject first. The tokens are new in each round, for their use
// to be recorded already: that is due once in five minutes, and one start would pay for it.
func (b bench) round(ctx context.Context, round int, notes notes) error {
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
			notes.keep(s.name, at.name, got)
		}
	}
	return nil
}
