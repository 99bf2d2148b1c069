package throughput

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"pats/infra/testkit/procfs"
	"pats/infra/testkit/service"
)

// subject is a running server with its database. Its Ready is its URL.
type subject struct {
	name string
	*service.Service
	// programs are the names of its programs: the server's first, then the database's.
	programs []string
	// only is the one kind of request that it supports, or empty for all.
	only string
}

// processes returns the processes of the server, and of all its programs.
func (s *subject) processes() (server, all []int, err error) {
	below, err := procfs.Family(s.PID())
	if err != nil {
		return nil, nil, err
	}
	for _, pid := range below {
		name := procfs.Program(pid)
		if name == s.programs[0] {
			server = append(server, pid)
		}
		if slices.Contains(s.programs, name) { // leaves out scripts
			all = append(all, pid)
		}
	}
	if len(server) == 0 {
		return nil, nil, fmt.Errorf("%s: no process named %s is running", s.name, s.programs[0])
	}
	return server, all, nil
}

// memory is in MiB.
type memory struct {
	// rss is that of the server, and pss that of all programs.
	rss, pss float64
}

func (s *subject) memory() (memory, error) {
	server, all, err := s.processes()
	if err != nil {
		return memory{}, err
	}
	resident, err := sum(server, procfs.Resident)
	if err != nil {
		return memory{}, err
	}
	proportional, err := sum(all, procfs.Proportional)
	return memory{resident, proportional}, err
}

// cpu returns the CPU time used by all programs.
func (s *subject) cpu() (time.Duration, error) {
	_, all, err := s.processes()
	if err != nil {
		return 0, err
	}
	return sum(all, procfs.CPUTime)
}

// sum returns the sum over all processes that have not ended.
func sum[T float64 | time.Duration](pids []int, measure func(pid int) (T, error)) (T, error) {
	var total T
	for _, pid := range pids {
		value, err := measure(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return 0, err
		}
		total += value
	}
	return total, nil
}

const (
	// Memory is at rest if restSamples in a row, one per restInterval, differ by at most restSpread of the largest.
	restSamples  = 10
	restInterval = 500 * time.Millisecond
	restSpread   = 0.01
	restWithin   = 2 * time.Minute
)

// atRest returns the memory once it has been stable for some seconds, or an error if it does not become stable.
func (s *subject) atRest(ctx context.Context) (memory, error) {
	var resident, proportional []float64
	err := until(ctx, restInterval, restWithin, func() (bool, error) {
		now, err := s.memory()
		resident, proportional = append(resident, now.rss), append(proportional, now.pss)
		return isSteady(resident) && isSteady(proportional), err
	})
	if err != nil {
		return memory{}, fmt.Errorf("the memory of %s at rest: %w", s.name, err)
	}
	return memory{resident[len(resident)-1], proportional[len(proportional)-1]}, nil
}

func isSteady(samples []float64) bool {
	if len(samples) < restSamples {
		return false
	}
	last := samples[len(samples)-restSamples:]
	return slices.Max(last)-slices.Min(last) <= restSpread*slices.Max(last)
}

const (
	// calmInterval is how long a server must be idle before the next measurement.
	calmInterval = 100 * time.Millisecond
	calmWithin   = 30 * time.Second
	// calmUse is one tick of the clock of procfs.CPUTime.
	calmUse = 10 * time.Millisecond
)

// calm waits until the server is idle, or returns an error if it does not become idle.
func (s *subject) calm(ctx context.Context) error {
	last, err := s.cpu()
	if err != nil {
		return err
	}
	err = until(ctx, calmInterval, calmWithin, func() (bool, error) {
		now, err := s.cpu()
		used := now - last
		last = now
		return used <= calmUse, err
	})
	if err != nil {
		return fmt.Errorf("%s is still busy after its load: %w", s.name, err)
	}
	return nil
}

// until calls holds once per interval until it returns true. It returns the error of holds or of ctx, or one when within has passed.
func until(ctx context.Context, interval, within time.Duration, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("waited %v in vain", within))
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(interval):
		}
		if ok, err := holds(); ok || err != nil {
			return err
		}
	}
}

// watchInterval is the interval of memory samples under load. A sample takes some milliseconds of CPU time.
const watchInterval = 500 * time.Millisecond

// watch runs work and samples the memory meanwhile. It returns the maxima.
func (s *subject) watch(work func() error) (memory, error) {
	done := make(chan error, 1)
	go func() { done <- work() }()
	var peak memory
	for {
		select {
		case err := <-done:
			return peak, err
		case <-time.After(watchInterval):
		}
		now, err := s.memory()
		if err != nil {
			return peak, errors.Join(err, <-done)
		}
		peak = memory{max(peak.rss, now.rss), max(peak.pss, now.pss)}
	}
}
