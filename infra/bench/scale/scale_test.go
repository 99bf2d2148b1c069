package scale_test

import (
	"testing"

	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/pkg/dynamostore/dynamotest"
)

// TestRun checks the units of every operation on tables of two sizes, and that the embedded store is measured on files of two sizes.
func TestRun(t *testing.T) {
	t.Parallel()
	dynamotest.Start(t) // skips the test if DynamoDB Local cannot run
	binary, err := binaries.BuildProgram(t.Context(), "../../..", "./cmd/pats", t.TempDir())
	must.Do(t, err)
	var run result.Run
	options := scale.Options{Tables: []int{100, 200}, Users: 2, Files: []int{10, 100}, Rounds: 2, Batch: 20, Starts: 2, Binary: binary}
	must.Do(t, scale.Run(t.Context(), &run, options))
	find := func(what string, users int, subject string) result.Summary {
		found, _ := run.Find(result.Key{Part: scale.Part, What: what, Under: scale.Size(users), Subject: subject})
		return found
	}
	for what, want := range map[string][2]float64{
		"authenticated GET, authorizer not cached": {2, 0},
		"authenticated GET, authorizer cached":     {1, 0},
		"authenticate, next use":                   {1, 0},
		"authenticate, first use":                  {1, 1},
		"list":                                     {1, 0},
		"revoke a token":                           {1, 2},
		"create a token":                           {1, 3}, // it has a maker, so the account is written in the format that has scopes
		"read a user":                              {1, 0},
		"list 100 users":                           {4, 0},
		"list 100 users' tokens":                   {105, 0},
		"create a user":                            {0, 11},
		"update a user's name":                     {1, 8},
		"delete a user":                            {1, 12},
	} {
		for _, users := range []int{100, 200} {
			reads, writes := find(what, users, scale.Reads), find(what, users, scale.Writes)
			if reads.Low != want[0] || reads.High != want[0] || writes.Low != want[1] || writes.High != want[1] || reads.Runs != 2 {
				t.Errorf("%s, %d users: got %+v reads and %+v writes, want %v", what, users, reads, writes, want)
			}
		}
	}
	for what, subject := range map[string]string{
		"authenticate": scale.Boltstore, "list": scale.Boltstore, "list 100 users' tokens": scale.Boltstore, "create a token": scale.Boltstore, "open": scale.Boltstore,
		"exec to ready line": scale.Laptop,
	} {
		if got := find(what, 100, subject); got.Runs != 2 || got.Low <= 0 {
			t.Errorf("%s: got %+v, want 2 runs of more than 0", what, got)
		}
	}
}
