// Package figures lets the harnesses of this repository be run at any scale and print what they counted in one form, which
// infra/verify/run shows and infra/verify/soak adds up.
package figures

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

const (
	// roundsEnv is how many rounds a harness runs instead of the few that it runs among the other tests.
	roundsEnv = "PATS_ROUNDS"
	// seedEnv is the seed of the first round; the next ones follow it.
	seedEnv = "PATS_SEED"
)

// Rounds is how many rounds a harness shall run: PATS_ROUNDS, or few where that is not set.
func Rounds(tb testing.TB, few int) int {
	tb.Helper()
	return int(number(tb, roundsEnv, uint64(few))) //nolint:gosec // both are small counts
}

// Seed is the seed of the first round: PATS_SEED, or 1. A failure names the seed of its round, so that it can be run again.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	return number(tb, seedEnv, 1)
}

func number(tb testing.TB, name string, unset uint64) uint64 {
	tb.Helper()
	text := os.Getenv(name)
	if text == "" {
		return unset
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		tb.Fatalf("%s is %q, want a whole number from 1 on", name, text)
	}
	return n
}

// Count is something counted, such as 12 kills. Name is one word.
type Count struct {
	Name string
	N    int
}

// Print writes a line of counts into the test's log, such as
//
//	FIGURE crash: kills=200 lost=0
//
// Lines with the same subject have the same names in them, so that they can be added up.
func Print(tb testing.TB, subject string, counts ...Count) {
	tb.Helper()
	var line strings.Builder
	fmt.Fprintf(&line, "FIGURE %s:", subject)
	for _, c := range counts {
		fmt.Fprintf(&line, " %s=%d", c.Name, c.N)
	}
	tb.Log(line.String())
}
