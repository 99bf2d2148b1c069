package throughput_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"pats/infra/bench/throughput"
)

func TestSteady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last throughput.Memory
		want bool
	}{
		"the same":            {throughput.NewMemory(100, 200), true},
		"a little more":       {throughput.NewMemory(100.9, 200), true},
		"resident rises":      {throughput.NewMemory(102, 200), false},
		"proportional falls":  {throughput.NewMemory(100, 196), false},
		"proportional shakes": {throughput.NewMemory(100, 199), true},
	} {
		samples := slices.Repeat([]throughput.Memory{throughput.NewMemory(100, 200)}, throughput.RestSamples-1)
		if got := throughput.Steady(append(samples, c.last)); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	holds := func() (bool, error) { return true, nil }
	fails := func() (bool, error) { return true, os.ErrInvalid }
	never := func() (bool, error) { return false, nil }
	if err := throughput.Until(t.Context(), time.Microsecond, time.Minute, holds); err != nil {
		t.Errorf("it holds: got %v, want no error", err)
	}
	if err := throughput.Until(t.Context(), time.Microsecond, time.Minute, fails); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("it fails: got %v, want its error", err)
	}
	if err := throughput.Until(t.Context(), time.Microsecond, time.Millisecond, never); err == nil {
		t.Error("it never holds: got no error, want one")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := throughput.Until(stopped, time.Microsecond, time.Minute, never); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v, want the context's error", err)
	}
}
