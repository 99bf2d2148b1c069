// Package scale measures what operations cost as the number of users grows: read and write units of DynamoDB, and the times of the
// embedded store and of its start. Each user has ten tokens with descriptions of 40 characters, all but one of them in use.
//
// Units do not depend on the machine: DynamoDB Local reports them, except those of transactions, which follow AWS's rule; see
// dynamotest.Meter. Times on DynamoDB Local say little about AWS.
package scale

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"pats/infra/bench/result"
)

// Part is the name of this part of the benchmarks.
const Part = "scale"

// The subjects.
const (
	Reads      = "DynamoDB, reads"
	Writes     = "DynamoDB, writes"
	Local      = "DynamoDB Local"
	Boltstore  = "boltstore"
	Laptop     = "laptop server"
	unitsUnit  = "units"
	microUnit  = "µs"
	milliUnit  = "ms"
	secondUnit = "s"
)

// Options determine how much is measured, and where.
type Options struct {
	// Tables and Files are the numbers of users in tables and in data files, in rising order.
	Tables, Files []int
	// Users is the number of users measured in each table, fewer than the smallest one has. A table has at least 100 users.
	Users int
	// Rounds is the number of measurements of each file, each with Batch random users.
	Rounds, Batch int
	// Starts is how often each file is opened, directly and by Binary, which is bin/pats.
	Starts int
	Binary string
}

// Run adds its measurements to run, and removes and stops everything that it created and started. The working directory must be in the
// repository.
func Run(ctx context.Context, run *result.Run, options Options) (err error) {
	folder, err := os.MkdirTemp("", "pats-scale-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := measureTables(ctx, run, options); err != nil {
		return err
	}
	return measureFiles(ctx, run, options, folder)
}

// samples adds measurements to a run.
type samples struct {
	run *result.Run
}

func (s samples) add(what string, users int, subject, unit string, value float64) {
	s.run.Add(result.Key{Part: Part, What: what, Under: Size(users), Subject: subject}, unit, value)
}

// compare compares the embedded store's times with those at base, the smallest number of users.
func (s samples) compare(base int) error {
	for _, q := range s.run.Quantities {
		if q.Part != Part || q.Subject != Boltstore || q.Unit != microUnit || q.Under == Size(base) {
			continue
		}
		if err := s.run.Compare(q.Key, q.Subject, Size(base)); err != nil {
			return err
		}
	}
	return nil
}

// Size returns the name of a number of users, such as "10² users".
func Size(users int) string {
	digits := strconv.Itoa(users)
	if strings.TrimRight(digits, "0") == "1" {
		digits = "10" + string([]rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[min(len(digits)-1, 9)])
	}
	return digits + " users"
}

func in(unit time.Duration, d time.Duration) float64 { return float64(d) / float64(unit) }
