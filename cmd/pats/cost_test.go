package main

import (
	"encoding/json"
	"testing"
)

func TestCost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	wantContains(t, "three loads", d.runBare(t, "cost").Stdout,
		"10,000 requests a month, 1 tokens", "10,000,000 requests a month, 1,000 tokens", "1,000,000,000 requests a month, 100,000 tokens",
		"API Gateway, REST API", "Function URL", "Total, dollars a month")
	wantContains(t, "one load", d.runBare(t, "cost", "1e6", "--tokens", "7").Stdout, "1,000,000 requests a month, 7 tokens", "3.50")
}

func TestCostAsJSON(t *testing.T) {
	t.Parallel()
	var answers []struct {
		Load  struct{ Requests, Tokens, TTLSeconds float64 }
		Bills []struct {
			Design string
			Lines  []struct{ Dollars float64 }
		}
	}
	out := newDesk(t).runBare(t, "cost", "1e6", "2e6", "--ttl", "5m", "--output", "json").Stdout
	if err := json.Unmarshal([]byte(out), &answers); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if len(answers) != 2 || answers[1].Load.Requests != 2e6 || answers[1].Load.TTLSeconds != 300 || len(answers[0].Bills) != 4 {
		t.Errorf("got %+v, want two loads with four bills each", answers)
	}
}
