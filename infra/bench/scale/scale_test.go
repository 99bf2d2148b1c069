package scale_test

import (
	"io"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/bulk"
	"pats/infra/bench/result"
	"pats/infra/bench/scale"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/pkg/boltstore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
)

func TestCrowdIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first := slices.Collect(scale.NewCrowd(1).Accounts(20))
	if diff := cmp.Diff(first, slices.Collect(scale.NewCrowd(1).Accounts(20))); diff != "" {
		t.Errorf("with the same seed:\n%s", diff)
	}
	other := slices.Collect(scale.NewCrowd(2).Accounts(20))
	selectors := map[pat.Selector]bool{}
	for _, account := range slices.Concat(first, other) {
		if len(account.Tokens) != pat.MaxTokens {
			t.Errorf("user %d has %d tokens", account.ID, len(account.Tokens))
		}
		for _, token := range account.Tokens {
			if selectors[token.Selector] {
				t.Errorf("a selector of user %d is repeated", account.ID)
			}
			selectors[token.Selector] = true
			if n := utf8.RuneCountInString(token.Description); n != 40 {
				t.Errorf("%q has %d characters, want 40", token.Description, n)
			}
		}
	}
}

func TestCrowdCanAuthenticate(t *testing.T) {
	t.Parallel()
	crowd, path := scale.NewCrowd(1), filepath.Join(t.TempDir(), "pats.db")
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := bulk.Import(t.Context(), store, 30, crowd.Accounts(30), 2); err != nil {
		t.Fatal(err)
	}
	service := pat.NewService(store, pat.DefaultRetention, scale.Environment())
	for _, id := range []pat.UserID{1, 17, 30} {
		for i, secret := range crowd.Secrets(id) {
			who, err := service.Authenticate(t.Context(), secret)
			if want := (pat.Identity{User: id, Selector: secret.Selector()}); err != nil || who != want {
				t.Errorf("user %d, token %d: got %v and %v, want %v", id, i+1, who, err, want)
			}
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for users, want := range map[int]string{10: "10¹ users", 100: "10² users", 1000000: "10⁶ users", 30: "30 users", 110: "110 users"} {
		if got := scale.Size(users); got != want {
			t.Errorf("%d: got %q, want %q", users, got, want)
		}
	}
}

// TestFiles measures the embedded store on small files.
func TestFiles(t *testing.T) {
	t.Parallel()
	binary, err := binaries.BuildProgram(t.Context(), "../../..", "./cmd/pats", t.TempDir())
	must.Do(t, err)
	var run result.Run
	options := scale.Options{Files: []int{10, 100}, Rounds: 2, Batch: 20, Starts: 1, Binary: binary, Progress: io.Discard}
	if err := scale.Run(t.Context(), &run, options); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		subject string
		runs    int
	}{
		"authenticate": {scale.Boltstore, 2}, "list": {scale.Boltstore, 2}, "create a token": {scale.Boltstore, 2},
		"load": {scale.Boltstore, 1}, "file": {scale.Boltstore, 1}, "open": {scale.Boltstore, 1},
		"exec to ready line": {scale.Laptop, 1},
	} {
		key := result.Key{Part: scale.Part, What: what, Under: scale.Size(100), Subject: c.subject}
		if got, _ := run.Quantity(key); got.Runs != c.runs || got.Median <= 0 {
			t.Errorf("%s: got %+v, want %d runs of more than nothing", what, got, c.runs)
		}
		if got, _ := run.Ratio(key, c.subject, scale.Size(10)); c.runs == options.Rounds && got.Runs != c.runs {
			t.Errorf("%s: got the ratio %+v, want one of %d runs", what, got, c.runs)
		}
	}
}

// TestTables checks the units of every operation on tables of two sizes.
func TestTables(t *testing.T) {
	t.Parallel()
	dynamotest.Start(t) // which skips the test where there is none
	var run result.Run
	options := scale.Options{Tables: []int{100, 200}, Users: 2, Progress: io.Discard}
	if err := scale.Run(t.Context(), &run, options); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string][2]float64{
		"authenticated GET, authorizer not cached": {2, 0},
		"authenticated GET, authorizer cached":     {1, 0},
		"authenticate, next use":                   {1, 0},
		"authenticate, first use":                  {1, 1},
		"list":                                     {1, 0},
		"revoke a token":                           {1, 2},
		"create a token":                           {1, 2},
		"read a user":                              {1, 0},
		"list 100 users":                           {4, 0},
		"create a user":                            {0, 11},
		"update a user's name":                     {1, 6},
		"delete a user":                            {1, 12},
	} {
		for _, users := range []int{100, 200} {
			key := result.Key{Part: scale.Part, What: what, Under: scale.Size(users), Subject: scale.Reads}
			reads, _ := run.Quantity(key)
			key.Subject = scale.Writes
			writes, _ := run.Quantity(key)
			if reads.Low != want[0] || reads.High != want[0] || writes.Low != want[1] || writes.High != want[1] || reads.Runs != 2 {
				t.Errorf("%s, %s: got %+v reads and %+v writes, want %v", what, key.Under, reads.Summary, writes.Summary, want)
			}
		}
	}
}
