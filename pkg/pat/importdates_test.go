package pat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func year(n int) time.Time { return time.Date(n, 1, 2, 0, 0, 0, 0, time.UTC) }

func TestImportRefusesDates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]tokenRefusal{
		"an endless expiry":      {func(k *pat.Token) { k.ExpiresAt = year(10000) }, "expiry date is not between"},
		"no expiry":              {func(k *pat.Token) { k.ExpiresAt = time.Time{} }, "expiry date is missing"},
		"expiry in the year 0":   {func(k *pat.Token) { k.ExpiresAt = year(0) }, "expiry date is not between"},
		"expiry before creation": {func(k *pat.Token) { k.ExpiresAt = k.CreatedAt.Add(-time.Millisecond) }, "before the date of creation"},
		"expiry long ago": {func(k *pat.Token) { k.CreatedAt = year(2000); k.ExpiresAt = pattest.Start.Add(-pat.DefaultRetention) },
			"longer ago than expired tokens are kept"},
		"no creation":        {func(k *pat.Token) { k.CreatedAt = time.Time{} }, "date of creation is missing"},
		"endless creation":   {func(k *pat.Token) { k.CreatedAt, k.ExpiresAt = year(10000), year(10000) }, "date of creation is not between"},
		"creation in future": {func(k *pat.Token) { k.CreatedAt, k.ExpiresAt = year(2999), year(3000) }, "date of creation is in the future"},
		"use in future":      {func(k *pat.Token) { k.SeenAt = year(3000) }, "last use is in the future"},
		"use in the year 0":  {func(k *pat.Token) { k.SeenAt = year(0) }, "last use is not between"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

func TestImportAcceptsOddDates(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*pat.Token){
		"expired within the retention": func(k *pat.Token) {
			k.ExpiresAt = pattest.Start.Add(time.Millisecond - pat.DefaultRetention)
			k.CreatedAt = k.ExpiresAt
		},
		"the first year":            func(k *pat.Token) { k.CreatedAt = year(1) },
		"the last year":             func(k *pat.Token) { k.ExpiresAt = year(9999) },
		"a clock that is ahead":     func(k *pat.Token) { k.SeenAt = pattest.Start.Add(time.Hour) },
		"a use before the creation": func(k *pat.Token) { k.SeenAt = k.CreatedAt.Add(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			account := importable(t, 20)
			change(&account.Tokens[0])
			wantImport(t, f.importUser(t, account), true, "+20")
			if diff := cmp.Diff(account.Tokens, pattest.Read(t, f.store, 7).Tokens); diff != "" {
				t.Errorf("tokens, -want +got:\n%s", diff)
			}
		})
	}
}

// TestImportOfExpiredTokensAgain imports a token that expires, and that the next change drops, a second time.
func TestImportOfExpiredTokensAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	account := importable(t, 20)
	wantImport(t, f.importUser(t, account), true, "+20")
	f.clock.Advance(pattest.Lifetime + pat.DefaultRetention)
	wantImport(t, f.importUser(t, account), false, "=20")
	if _, _, err := f.service.CreateUserToken(t.Context(), 7, pat.Draft{Description: "x", Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	got := f.importUser(t, account)
	wantImport(t, got, false, "-20")
	if !strings.Contains(got.Tokens[0].Refusal, "expired longer ago") {
		t.Errorf("got %q, want a refusal because of the expiry", got.Tokens[0].Refusal)
	}
}
