package boltstore_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// schedule is a random interleaving of one writer and many readers of a few users, on a cache. An account's Version is the
// transaction that wrote it.
type schedule struct {
	random *rand.Rand
	cache  *boltstore.Cache
	// keep and forget call the cache, unless a fault is planted.
	keep   func(c *boltstore.Cache, account pat.Account, transaction int)
	forget func(c *boltstore.Cache, id pat.UserID, transaction int)
	// late is a planted fault: forget comes after the commit, for the user due.
	late bool
	due  pat.UserID

	committed int
	writes    map[pat.UserID][]int
	readers   []reading
	writing   pat.UserID
}

// reading is an account as a reader has read it, who is about to cache it.
type reading struct {
	account     pat.Account
	transaction int
}

const scheduleUsers = 3

func newSchedule(seed uint64) *schedule {
	return &schedule{
		random: rand.New(rand.NewPCG(seed, 0)), cache: boltstore.NewCache(),
		keep: (*boltstore.Cache).Keep, forget: (*boltstore.Cache).Forget,
		committed: 1, writes: map[pat.UserID][]int{},
	}
}

// run takes n random steps. It returns a description of the first hit that is not the committed account, or "".
func (s *schedule) run(n int) string {
	for step := range n {
		id := pat.UserID(s.random.IntN(scheduleUsers) + 1)
		switch s.random.IntN(6) {
		case 0, 1:
			s.readers = append(s.readers, reading{pat.Account{ID: id, Version: s.versionAt(id, s.committed)}, s.committed})
		case 2:
			s.finishReading()
		case 3:
			s.beginWriting(id)
		case 4:
			s.endWriting()
		case 5:
			account, hit := s.cache.Get(id)
			if want := s.versionAt(id, s.committed); hit && account.Version != want {
				return fmt.Sprintf("step %d: user %d has version %d in the cache, and %d in the store", step, id, account.Version, want)
			}
		}
	}
	return ""
}

// versionAt returns the version of the user that a reader in transaction sees.
func (s *schedule) versionAt(id pat.UserID, transaction int) int64 {
	version := 0
	for _, written := range s.writes[id] {
		if written <= transaction {
			version = written
		}
	}
	return int64(version)
}

func (s *schedule) finishReading() {
	if len(s.readers) == 0 {
		return
	}
	i := s.random.IntN(len(s.readers))
	s.keep(s.cache, s.readers[i].account, s.readers[i].transaction)
	s.readers = append(s.readers[:i], s.readers[i+1:]...)
}

func (s *schedule) beginWriting(id pat.UserID) {
	if s.due != 0 {
		s.forget(s.cache, s.due, s.committed)
		s.due = 0
	}
	if s.writing != 0 {
		return
	}
	s.writing = id
	if !s.late {
		s.forget(s.cache, id, s.committed+1)
	}
}

// endWriting commits a write, or one in four times fails to.
func (s *schedule) endWriting() {
	if s.writing == 0 {
		return
	}
	id := s.writing
	s.writing = 0
	if s.random.IntN(4) == 0 {
		return
	}
	s.committed++
	s.writes[id] = append(s.writes[id], s.committed)
	if s.late {
		s.due = id
	}
}

// TestCacheIsNeverStale checks that no interleaving makes the cache return an account other than the committed one.
func TestCacheIsNeverStale(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		s := newSchedule(seed)
		if stale := s.run(2000); stale != "" {
			t.Fatalf("seed %d: %s", seed, stale)
		}
	}
}

// TestCacheIsNeverStaleFindsFaults checks that a cache with a fault fails the test before.
func TestCacheIsNeverStaleFindsFaults(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*schedule){
		"a slow reader caches what a writer has replaced": func(s *schedule) {
			s.keep = func(c *boltstore.Cache, account pat.Account, _ int) { c.Keep(account, math.MaxInt) }
		},
		"a writer forgets nothing": func(s *schedule) {
			s.forget = func(c *boltstore.Cache, _ pat.UserID, transaction int) { c.Forget(0, transaction) }
		},
		"a writer forgets under its predecessor's transaction": func(s *schedule) {
			s.forget = func(c *boltstore.Cache, id pat.UserID, transaction int) { c.Forget(id, transaction-1) }
		},
		"a writer forgets after its commit": func(s *schedule) { s.late = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSchedule(1)
			plant(s)
			if s.run(20_000) == "" {
				t.Error("the fault was not found")
			}
		})
	}
}

// TestReadIsNeverOlderThanWrite reads an account while it is written: no read that begins after a write has returned may return
// an account from before it.
func TestReadIsNeverOlderThanWrite(t *testing.T) {
	t.Parallel()
	store := open(t, dataFile(t))
	account := pattest.Account(t, store, pattest.Profile("ann", pat.Viewer))
	var written atomic.Int64
	written.Store(account.Version)
	var stopped atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !stopped.Load() {
				least := written.Load()
				got, err := store.Account(t.Context(), account.ID)
				if err != nil || got.Version < least {
					t.Errorf("got version %d and %v, want at least %d", got.Version, err, least)
					return
				}
			}
		})
	}
	for range 200 {
		if err := store.ReplaceAccount(t.Context(), account, account); err != nil {
			t.Errorf("ReplaceAccount: %v", err)
			break
		}
		account.Version++
		written.Store(account.Version)
	}
	stopped.Store(true)
	readers.Wait()
}

// TestEveryWriteIsRead reads an account from the cache before and after each kind of write.
func TestEveryWriteIsRead(t *testing.T) {
	t.Parallel()
	store := open(t, dataFile(t))
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	holder := pattest.NewHolder(t, store, service, pattest.Profile("ann", pat.Viewer))
	id := holder.Account.ID
	if err := store.ReserveUserIDs(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	for _, write := range []struct {
		name   string
		change func(before pat.Account) error
		want   func(*pat.Account)
	}{
		{"MarkSeen", func(before pat.Account) error {
			return store.MarkSeen(t.Context(), before, 1, pattest.Start)
		}, func(a *pat.Account) { a.Tokens[0].SeenAt = pattest.Start }},
		{"ReplaceAccount", func(before pat.Account) error {
			after := before
			after.Name = "Another"
			return store.ReplaceAccount(t.Context(), before, after)
		}, func(a *pat.Account) { a.Name = "Another"; a.Version++ }},
		{"ImportAccount", func(before pat.Account) error {
			after := before
			after.NextTokenID = 9
			return store.ImportAccount(t.Context(), before, after)
		}, func(a *pat.Account) { a.NextTokenID = 9; a.Version++ }},
	} {
		before := pattest.Read(t, store, id)
		if _, hit := store.Cache().Get(id); !hit {
			t.Fatalf("%s: the account is not in the cache before", write.name)
		}
		if err := write.change(before); err != nil {
			t.Fatalf("%s: %v", write.name, err)
		}
		want := before
		write.want(&want)
		if diff := cmp.Diff(want, pattest.Read(t, store, id), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after %s, -want +got:\n%s", write.name, diff)
		}
	}
	if err := store.DeleteAccount(t.Context(), pattest.Read(t, store, id)); err != nil {
		t.Fatal(err)
	}
	_, err := store.Account(t.Context(), id)
	pattest.WantKind(t, err, pat.KindNotFound)
}

// TestCachedAccountsAreNotShared changes what a read returned, the first and a cached one.
func TestCachedAccountsAreNotShared(t *testing.T) {
	t.Parallel()
	store := open(t, dataFile(t))
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	want := pattest.NewHolder(t, store, service, pattest.Profile("ann", pat.Viewer)).Account
	want.Spent = []pat.Spent{{Selector: "a", Verifier: "b", Until: pattest.Start}}
	if err := store.ReplaceAccount(t.Context(), want, want); err != nil {
		t.Fatal(err)
	}
	want.Version++
	for range 3 {
		got := pattest.Read(t, store, want.ID)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("account, -want +got:\n%s", diff)
		}
		got.Tokens[0].Description, got.Spent[0].Until = "changed", time.Time{}
	}
}

// TestCacheIsBounded checks the number of accounts, and that one with very many tokens is not kept.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	cache := boltstore.NewCache()
	for id := range pat.UserID(boltstore.CacheUsers + 100) {
		cache.Keep(pat.Account{ID: id + 1}, 1)
	}
	if got := cache.Len(); got != boltstore.CacheUsers {
		t.Errorf("got %d accounts, want %d", got, boltstore.CacheUsers)
	}
	large := pat.Account{ID: 1 << 20, Tokens: make([]pat.Token, boltstore.AccountTokens+1)}
	cache.Keep(large, 1)
	if _, hit := cache.Get(large.ID); hit {
		t.Errorf("an account of %d tokens was cached", len(large.Tokens))
	}
}

// TestCacheIsBoundedInTokens: accounts with the most tokens are kept, as many as there is room for, also after some were written.
func TestCacheIsBoundedInTokens(t *testing.T) {
	t.Parallel()
	cache := boltstore.NewCache()
	tokens := make([]pat.Token, boltstore.AccountTokens-1)
	for id := range pat.UserID(boltstore.CacheUsers) {
		account := pat.Account{ID: id + 1, Tokens: tokens, Spent: make([]pat.Spent, 1)}
		cache.Keep(account, 1)
		cache.Keep(account, 1)
		if id%3 == 0 {
			cache.Forget(account.ID, 1)
		}
	}
	if got, want := cache.Tokens(), boltstore.CacheTokens/boltstore.AccountTokens*boltstore.AccountTokens; got > boltstore.CacheTokens || got < want-boltstore.AccountTokens {
		t.Errorf("got %d tokens in the cache, want about %d", got, want)
	}
}
