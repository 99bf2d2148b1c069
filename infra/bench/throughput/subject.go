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

// subject is a running server, with the database it has.
type subject struct {
	name, url string
	*service
	// programs are the names of what belongs to it: the server's own first, and the database's.
	programs []string
	// only is the one kind of request that it answers, or empty for all.
	only string
}

// processes are those of the server alone, and of all its programs.
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
		if slices.Contains(s.programs, name) { // no script
			all = append(all, pid)
		}
	}
	if len(server) == 0 {
		return nil, nil, fmt.Errorf("%s: no process named %s is left", s.name, s.programs[0])
	}
	return server, all, nil
}

// memory is in MiB.
type memory struct {
	// rss is the server's alone, and pss that of all its programs.
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

// cpu is the processor time that all its programs have used.
func (s *subject) cpu() (time.Duration, error) {
	_, all, err := s.processes()
	if err != nil {
		return 0, err
	}
	return sum(all, procfs.CPUTime)
}

// sum adds up what is measured of each process that has not ended.
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
	// restSamples are taken in a row, one each restInterval, and differ by restSpread of the greatest at most.
	restSamples  = 10
	restInterval = 500 * time.Millisecond
	restSpread   = 0.01
	restWithin   = 2 * time.Minute
)

// atRest is the memory once it has stayed the same for some seconds. Errors: one that says it does not.
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
	// calmInterval is how long a server has to do next to nothing before the next measurement.
	calmInterval = 100 * time.Millisecond
	calmWithin   = 30 * time.Second
	// calmUse is one tick of the clock of procfs.CPUTime.
	calmUse = 10 * time.Millisecond
)

// calm waits until what a load has left is done. Errors: one that says it does not come to an end.
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
		return fmt.Errorf("%s goes on after its load: %w", s.name, err)
	}
	return nil
}

// watchInterval is how often the memory is looked at under load. Looking takes some milliseconds of a processor.
const watchInterval = 500 * time.Millisecond

// watch looks at the memory until the function that it gives is called, which tells the greatest of each number.
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
