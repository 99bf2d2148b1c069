package leaks_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// holders creates n users with a token each.
func (f *fixture) holders(t testing.TB, n int) []pattest.Holder {
	t.Helper()
	var all []pattest.Holder
	for i := range n {
		all = append(all, f.holder(t, fmt.Sprint("user", i)))
	}
	return all
}

// TestOneWriteAUser: however many of a user's tokens are reported, and however often.
func TestOneWriteAUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var leaked []pattest.Holder
	for _, holder := range f.holders(t, 20) {
		leaked = append(leaked, f.child(t, holder, "a"), f.child(t, holder, "b"), holder)
	}
	report := signed(t, f.key, body(t, append(reportedAll(leaked...), reportedAll(leaked...)...)))
	for i, writes := range []int{20, 0} {
		f.store.Forget()
		wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
		if reads, got := f.store.Count(pattest.CallAccount), f.store.Count(pattest.CallReplaceAccount); reads != 20 || got != writes {
			t.Errorf("report %d: got %d reads and %d writes, want 20 and %d", i+1, reads, got, writes)
		}
	}
}

// TestUnknownTokensCostOneReadAUser, and what has no token's form costs none.
func TestUnknownTokensCostOneReadAUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann := f.holder(t, "ann")
	reports := []report{reported("x"), reported(pattest.Mistyped(ann.Secret.Reveal())), reported("*:*." + strings.Repeat("a", 43))}
	for range 100 {
		reports = append(reports, reported(pattest.Forge(t, ann.Token.Selector)))
	}
	f.store.Forget()
	wantStatus(t, "the report", f.handle(t, signed(t, f.key, body(t, reports))), http.StatusOK)
	if reads, lookUps := f.store.Count(pattest.CallAccount), f.store.Count(pattest.CallLookUp); reads != 1 || lookUps != 0 {
		t.Errorf("got %d reads and %d look-ups, want 1 and 0", reads, lookUps)
	}
	f.wantLeft(t, 1, 1)
}

// crowded is a Store whose reads wait for others, and which counts how many run at once.
type crowded struct {
	pat.Store
	mu        sync.Mutex
	now, most int
}

func (c *crowded) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	c.mu.Lock()
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	time.Sleep(time.Second) // in the bubble's time, in which all others get as far
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return pat.Account{}, pat.NoUser(nil)
}

func TestSixteenUsersAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	report := signed(t, f.key, body(t, reportedAll(f.holders(t, 40)...)))
	synctest.Test(t, func(t *testing.T) {
		store := &crowded{Store: f.store}
		f.handler = leaks.New(pat.NewService(store, pat.Settings{}, f.env), f.settings, f.env, nil)
		start := time.Now()
		wantStatus(t, "the report", f.handle(t, report), http.StatusOK)
		if took := time.Since(start); store.most != 16 || took != 3*time.Second {
			t.Errorf("got %d at once in %s, want 16 in 3 s", store.most, took)
		}
	})
}

// TestFailingStore: what could not be written makes the response a 503, and a repetition writes only that.
func TestFailingStore(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(f *fixture){
		"refused writes": func(f *fixture) { f.store.Refuse(pattest.CallReplaceAccount, 30, pat.Unavailable(nil)) },
		"refused reads":  func(f *fixture) { f.store.Refuse(pattest.CallAccount, 30, pat.Unavailable(nil)) },
		"lost responses": func(f *fixture) {
			for range 30 {
				f.store.LoseResponse(pattest.CallReplaceAccount)
			}
			f.store.Refuse(pattest.CallAccount, 30, pat.Unavailable(nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			all := f.holders(t, 20)
			report := signed(t, f.key, body(t, reportedAll(all...)))
			plant(f)
			got := f.handle(t, report)
			wantProblem(t, "the first report", got, http.StatusServiceUnavailable, "Send it again")
			wantHeader(t, got, "Retry-After", "1")
			got = f.handle(t, report)
			for range 5 { // the planted failures can outlast one report
				if got.StatusCode == http.StatusOK {
					break
				}
				got = f.handle(t, report)
			}
			wantStatus(t, "the repetition", got, http.StatusOK)
			for _, holder := range all {
				f.wantLeft(t, holder.Account.ID)
			}
			if lines := f.logged(t, "leaked tokens revoked"); len(lines) != len(all) && name != "lost responses" {
				t.Errorf("got %d lines, want %d, one a user", len(lines), len(all))
			}
		})
	}
}

// slow is a Store that needs a second for each read, or the context's time.
type slow struct{ pat.Store }

func (s slow) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	select {
	case <-time.After(time.Second):
		return s.Store.Account(ctx, id)
	case <-ctx.Done():
		return pat.Account{}, pat.Unavailable(ctx.Err())
	}
}

// TestReportThatTakesTooLong: the response comes in time, and repetitions finish the report.
func TestReportThatTakesTooLong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := f.holders(t, 100)
	report := signed(t, f.key, body(t, reportedAll(all...)))
	synctest.Test(t, func(t *testing.T) {
		f.env.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
		f.handler = leaks.New(pat.NewService(slow{f.store}, pat.Settings{}, f.env), f.settings, f.env, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		got := f.handleIn(ctx, t, report)
		wantProblem(t, "the report", got, http.StatusServiceUnavailable, "Send it again")
		if ctx.Err() != nil {
			t.Error("the response came too late")
		}
		left := 0
		for _, holder := range all {
			left += len(pattest.Read(t, f.store, holder.Account.ID).Tokens)
		}
		if left == 0 || left == len(all) {
			t.Errorf("%d of %d tokens are left, want some", left, len(all))
		}
		wantStatus(t, "the repetition, with more time", f.handle(t, report), http.StatusOK)
	})
	for _, holder := range all {
		f.wantLeft(t, holder.Account.ID)
	}
}

// TestImportedTokens: they are looked up, and ignored while imported tokens are not accepted.
func TestImportedTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const v1 = "user:0123456789abcdef0123456789abcdef0123456789abcdef01234567"
	secret, err := pat.ParseForeignSecret(v1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.service.ReserveUserIDs(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	imported := pat.Account{ID: 7, Profile: pattest.Profile("vera", pat.Viewer), CreatedAt: pattest.Start, Tokens: []pat.Token{{
		ID: 20, Description: "v1", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
	}}}
	if _, err := f.service.ImportUser(t.Context(), imported); err != nil {
		t.Fatal(err)
	}
	report := signed(t, f.key, body(t, []report{reported(v1)}))
	wantStatus(t, "while imported tokens are refused", f.handle(t, report), http.StatusOK)
	f.wantLeft(t, 7, 20)
	f.with(pat.Settings{Retention: pat.DefaultRetention, AcceptImported: true})
	f.store.Refuse(pattest.CallLookUp, 1, pat.Unavailable(nil))
	wantProblem(t, "a look-up that fails", f.handle(t, report), http.StatusServiceUnavailable, "Send it again")
	f.wantLeft(t, 7, 20)
	wantStatus(t, "while they are accepted", f.handle(t, report), http.StatusOK)
	f.wantLeft(t, 7)
}

// TestPlacesInTheLog: an address is logged only as far as it cannot contain a token, nor control a terminal.
func TestPlacesInTheLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, c := range []struct{ url, want string }{
		{place, place},
		{"https://gitlab.example/a/b/-/raw/main/x%20y?token=TOKEN#TOKEN", "https://gitlab.example/a/b/-/raw/main/x%20y"},
		{"https://ann:TOKEN@gitlab.example/a", "https://gitlab.example/a"},
		{"https://gitlab.example/TOKEN", ""},
		{"https://gitlab.example/a/%75ser:v2_TOKEN", ""},
		{"https://TOKEN.example/a", ""},
		{"https://gitlab.example/\x1b[31m\n", ""},
		{"https://gitlab.example/\u202e", "https://gitlab.example/%E2%80%AE"},
		{"javascript:alert(1)", ""},
		{"/etc/passwd", ""},
		{"", ""},
		{"https://gitlab.example/" + strings.Repeat("a/", 200), ""},
	} {
		ann := f.holder(t, fmt.Sprint("user", i))
		of := reported(ann.Secret.Reveal())
		of["url"] = strings.ReplaceAll(c.url, "TOKEN", ann.Secret.Reveal())
		f.log.Reset()
		got := f.handle(t, signed(t, f.key, body(t, []report{of})))
		wantStatus(t, c.url, got, http.StatusOK)
		wantNoSecret(t, f, got, ann)
		places := fmt.Sprint(f.logged(t, "leaked tokens revoked")[0]["places"])
		if c.want == "" && places != "<nil>" || c.want != "" && places != "["+c.want+"]" {
			t.Errorf("%q: got places %s, want %q", c.url, places, c.want)
		}
	}
}
