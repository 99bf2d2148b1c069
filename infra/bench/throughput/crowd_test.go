package throughput_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"pats/infra/bench/throughput"
	"pats/pkg/pat"
)

func newCrowd(t *testing.T, blocks int) *throughput.Crowd {
	t.Helper()
	crowd, err := throughput.NewCrowd(rand.Reader, time.Now(), blocks)
	if err != nil {
		t.Fatal(err)
	}
	return crowd
}

// TestOrders checks that no create can be refused: no user creates too many, two with one description, or two at once.
func TestOrders(t *testing.T) {
	t.Parallel()
	const blocks = 2
	lines := orders(t, newCrowd(t, blocks), blocks*throughput.BlockOrders+1)
	if got, want := len(lines), blocks*throughput.BlockOrders; got != want {
		t.Fatalf("got %d orders, want %d", got, want)
	}
	made, last, seen := map[string]int{}, map[string]int{}, map[string]bool{}
	for i, line := range lines {
		user, _, _ := strings.Cut(line, " ")
		if before, ok := last[user]; ok && i-before < throughput.Block {
			t.Errorf("order %d comes %d after another of its user, want %d", i, i-before, throughput.Block)
		}
		if seen[line] {
			t.Errorf("order %d is duplicated", i)
		}
		last[user], seen[line] = i, true
		made[user]++
	}
	for user, n := range made {
		if n != pat.MaxTokens-1 {
			t.Fatalf("user %d has %d orders, want %d", last[user], n, pat.MaxTokens-1)
		}
	}
}

func orders(t *testing.T, crowd *throughput.Crowd, n int) []string {
	t.Helper()
	lines, err := crowd.Orders("subject", n)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(bytes.TrimSuffix(lines, []byte("\n"))), "\n")
}
