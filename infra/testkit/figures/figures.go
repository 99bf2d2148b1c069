// Package figures lets a harness run at any scale and print what it counted in a form that infra/verify shows and adds up.
package figures

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Variables of the environment.
const (
	// RoundsVariable sets how many rounds a harness runs instead of the few that it runs among the other tests.
	RoundsVariable = "PATS_ROUNDS"
	// SeedVariable sets the seed of the first round; the seeds of the others follow it.
	SeedVariable = "PATS_SEED"
)

// Rounds returns how many rounds a harness runs: PATS_ROUNDS, or few if that is not set.
func Rounds(tb testing.TB, few int) int {
	tb.Helper()
	return int(number(tb, RoundsVariable, uint64(few))) //nolint:gosec // both are small counts
}

// Seed returns the seed of the first round: PATS_SEED, or 1. A failure names the seed of its round, so that it can be run again.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	return number(tb, SeedVariable, 1)
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

// Print logs a line of counts, such as
//
//	FIGURE crash: kills=200 lost=0
//
// Lines with the same subject have the same names in them.
func Print(tb testing.TB, subject string, counts ...Count) {
	tb.Helper()
	tb.Log(Line{subject, counts}.String())
}

// Line is what [Print] logs.
type Line struct {
	Subject string
	Counts  []Count
}

func (l Line) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "FIGURE %s:", l.Subject)
	for _, c := range l.Counts {
		fmt.Fprintf(&text, " %s=%d", c.Name, c.N)
	}
	return text.String()
}
