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
)

// subject is a running server with its database.
type subject struct {
	name, url string
	*service
	// programs are the names of its programs: the server's first, then the database's.
	programs []string
	// only is the one kind of request that it supports, or empty for all.
	only string
}

// processes returns the processes of the server, and of all its programs.
func (s *subject) processes() (server, all []int, err error) {
	below, err := procfs.Family(s.pid())
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
	var last []memory
	err := until(ctx, restInterval, restWithin, func() (bool, error) {
		now, err := s.memory()
		last = append(last, now)
		if len(last) > restSamples {
			last = last[1:]
		}
		return len(last) == restSamples && steady(last), err
	})
	if err != nil {
		return memory{}, fmt.Errorf("the memory of %s at rest: %w", s.name, err)
	}
	return last[restSamples-1], nil
}

func steady(samples []memory) bool {
	for _, of := range []func(memory) float64{
		func(m memory) float64 { return m.rss },
		func(m memory) float64 { return m.pss },
	} {
		least, most := of(samples[0]), of(samples[0])
		for _, m := range samples {
			least, most = min(least, of(m)), max(most, of(m))
		}
		if most-least > restSpread*most {
			return false
		}
	}
	return true
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

// watchInterval is the interval of memory samples under load. A sample takes some milliseconds of CPU time.
const watchInterval = 500 * time.Millisecond

// watch samples the memory until the returned function is called, which returns the maxima.
func (s *subject) watch(ctx context.Context) func() (memory, error) {
	ctx, end := context.WithCancel(ctx)
	var peak memory
	failed := make(chan error, 1)
	go func() {
		failed <- every(ctx, watchInterval, func() error {
			now, err := s.memory()
			peak = memory{max(peak.rss, now.rss), max(peak.pss, now.pss)}
			return err
		})
	}()
	return func() (memory, error) {
		end()
		err := <-failed
		return peak, err
	}
}
