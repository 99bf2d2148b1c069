package pat_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

const month = 30 * 24 * time.Hour

// limiting returns a service with other settings on the fixture's store.
func (f *fixture) limiting(settings pat.Settings) *pat.Service {
	settings.Retention = pat.DefaultRetention
	return pat.NewService(f.store, settings, f.env)
}

// dated are the methods that take an expiry date.
var dated = map[string]func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error){
	"CreateToken": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		token, _, err := s.CreateToken(t.Context(), f.holder.Identity(), pat.Draft{Description: "new", Scopes: pat.Unscoped(), ExpiresAt: end})
		return token, err
	},
	"CreateTokenOnce": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		draft := pat.Draft{Description: "new", Scopes: pat.Unscoped(), ExpiresAt: end}
		token, _, err := s.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, f.key(t, "k"))
		return token, err
	},
	"CreateUserToken": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		token, _, err := s.CreateUserToken(t.Context(), f.holder.Account.ID, pat.Draft{Description: "new", Scopes: pat.Unscoped(), ExpiresAt: end})
		return token, err
	},
	"RotateToken": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		token, _, err := s.RotateToken(t.Context(), f.holder.Identity(), 1, pat.Rotation{ExpiresAt: end})
		return token, err
	},
	"RotateSelf": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		r := f.rotation(t, f.holder, "k")
		r.ExpiresAt = end
		token, _, err := s.RotateSelf(t.Context(), f.holder.Identity(), r)
		return token, err
	},
	"RotateUserToken": func(t *testing.T, f *fixture, s *pat.Service, end time.Time) (pat.Token, error) {
		t.Helper()
		token, _, err := s.RotateUserToken(t.Context(), f.holder.Account.ID, 1, pat.Rotation{ExpiresAt: end})
		return token, err
	},
}

func TestMaxLifetimeHoldsOnEveryDoor(t *testing.T) {
	t.Parallel()
	for name, do := range dated {
		for _, enforce := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", enforced: ", enforce), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				service := f.limiting(pat.Settings{MaxLifetime: 100 * 24 * time.Hour, EnforceMaxLifetime: enforce})
				end := f.clock.Now().AddDate(0, 0, 100)
				before := f.account(t)
				_, err := do(t, f, service, end.Add(time.Millisecond))
				pattest.WantKind(t, err, pat.KindInvalid)
				wantMessage(t, err, "The expiry date must be within 100 days from now.")
				if diff := cmp.Diff(before, f.account(t)); diff != "" {
					t.Errorf("the account, -before +after:\n%s", diff)
				}
				token, err := do(t, f, service, end)
				if err != nil || !token.ExpiresAt.Equal(end) || token.ExceedsMaxLifetime {
					t.Errorf("at the longest: got %+v and %v, want end %s", token, err, end)
				}
			})
		}
	}
}

// TestNoMaxLifetime: without one, tokens can be as long as RFC 3339 can express.
func TestNoMaxLifetime(t *testing.T) {
	t.Parallel()
	for name, do := range dated {
		f := newFixture(t)
		end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		if token, err := do(t, f, f.limiting(pat.Settings{EnforceMaxLifetime: true}), end); err != nil || !token.ExpiresAt.Equal(end) {
			t.Errorf("%s: got end %s and %v, want %s", name, token.ExpiresAt, err, end)
		}
	}
}

// TestLoweredMaxLifetime: tokens that are longer stay as they are, and are marked until a rotation.
func TestLoweredMaxLifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	service := f.limiting(pat.Settings{MaxLifetime: month})
	end := f.holder.Token.ExpiresAt
	listed, err := service.Tokens(t.Context(), f.holder.Identity())
	if err != nil || !listed[0].ExceedsMaxLifetime || !listed[0].ExpiresAt.Equal(end) {
		t.Fatalf("Tokens: got %+v and %v, want end %s, marked", listed, err, end)
	}
	f.clock.Advance(pattest.Lifetime - month - time.Millisecond)
	token, _, err := service.RotateSelf(t.Context(), f.holder.Identity(), overlap)
	if err != nil || !token.ExceedsMaxLifetime || !token.ExpiresAt.Equal(end) {
		t.Errorf("RotateSelf: got %+v and %v, want end %s, marked", token, err, end)
	}
	f.clock.Advance(time.Millisecond)
	token, _, err = service.RotateUserToken(t.Context(), f.holder.Account.ID, 1, overlap)
	if err != nil || token.ExceedsMaxLifetime || !token.ExpiresAt.Equal(end) {
		t.Errorf("RotateUserToken a month before the end: got %+v and %v, want end %s, unmarked", token, err, end)
	}
	if stored := f.account(t).Tokens[0]; stored.ExceedsMaxLifetime {
		t.Error("the mark is stored")
	}
}

// TestEnforcedMaxLifetime: a token ends that long after the issue of its present secret, wherever its end counts, and its expiry date
// stays as it is.
func TestEnforcedMaxLifetime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	service := f.limiting(pat.Settings{MaxLifetime: month, EnforceMaxLifetime: true})
	start := f.clock.Now()
	f.clock.Advance(month - time.Millisecond)
	wantEnd := func(what string, token pat.Token, err error, want time.Time) {
		t.Helper()
		if err != nil || !token.ExpiresAt.Equal(want) || !token.ExceedsMaxLifetime {
			t.Errorf("%s: got %+v and %v, want end %s, marked", what, token, err, want)
		}
	}
	holder, err := service.Check(t.Context(), f.holder.Secret)
	wantEnd("Check", holder.Token, err, start.Add(month))
	holder, err = service.Admit(t.Context(), f.holder.Identity())
	wantEnd("Admit", holder.Token, err, start.Add(month))
	listed, err := service.Tokens(t.Context(), f.holder.Identity())
	wantEnd("Tokens", listed[0], err, start.Add(month))
	listed, err = service.UserTokens(t.Context(), f.holder.Account.ID)
	wantEnd("UserTokens", listed[0], err, start.Add(month))

	renewed, secret, err := service.RotateSelf(t.Context(), f.holder.Identity(), overlap)
	wantEnd("RotateSelf", renewed, err, f.clock.Now().Add(month))
	f.clock.Advance(time.Millisecond)
	_, err = service.Check(t.Context(), f.holder.Secret)
	wantRefused(t, err, pat.ReasonRotated) // its own end, before that of the overlap
	f.clock.Advance(month - 2*time.Millisecond)
	if _, err := service.Check(t.Context(), secret); err != nil {
		t.Errorf("the new secret before its end: %v", err)
	}
	f.clock.Advance(time.Millisecond)
	_, err = service.Check(t.Context(), secret)
	wantRefused(t, err, pat.ReasonExpired)
	_, _, err = service.RotateUserToken(t.Context(), f.holder.Account.ID, 1, overlap)
	pattest.WantKind(t, err, pat.KindInvalid)
	if stored := f.account(t).Tokens[0]; !stored.ExpiresAt.Equal(f.holder.Token.ExpiresAt) {
		t.Errorf("stored expiry date: got %s, want %s", stored.ExpiresAt, f.holder.Token.ExpiresAt)
	}
	f.wantWorks(t, "with the setting off again", secret)
}

// TestEnforcedEndBoundsChildren: a scoped token creates none that ends after it, and rotates none so, but keeps its own expiry date.
func TestEnforcedEndBoundsChildren(t *testing.T) {
	t.Parallel()
	f, caller := scoped(t, "orders:read", "pats:write")
	service := f.limiting(pat.Settings{MaxLifetime: month, EnforceMaxLifetime: true, Scopes: pattest.Catalog(t, shop)})
	f.clock.Advance(24 * time.Hour)
	draft := pat.Draft{Description: "child", Scopes: pattest.Scopes(t, "orders:read"), ExpiresAt: f.clock.Now().Add(month)}
	_, _, err := service.CreateToken(t.Context(), caller.Identity(), draft)
	pattest.WantKind(t, err, pat.KindForbidden)
	child, _, err := service.CreateUserToken(t.Context(), caller.Account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = service.RotateToken(t.Context(), caller.Identity(), child.ID, pat.Rotation{})
	pattest.WantKind(t, err, pat.KindForbidden)
	token, _, err := service.RotateSelf(t.Context(), caller.Identity(), pat.Rotation{})
	if want := f.clock.Now().Add(month); err != nil || !token.ExpiresAt.Equal(want) {
		t.Errorf("RotateSelf: got end %s and %v, want %s", token.ExpiresAt, err, want)
	}
}

// TestRepeatedCreateShowsTheEnforcedEnd, which the setting has shortened since.
func TestRepeatedCreateShowsTheEnforcedEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	draft := pat.Draft{Description: "ci", Scopes: pat.Unscoped(), ExpiresAt: f.clock.Now().Add(month)}
	if _, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, f.key(t, "k")); err != nil {
		t.Fatal(err)
	}
	service := f.limiting(pat.Settings{MaxLifetime: month - time.Hour, EnforceMaxLifetime: true})
	f.clock.Advance(time.Hour)
	token, _, err := service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, f.key(t, "k"))
	if want := draft.ExpiresAt.Add(-time.Hour); err != nil || !token.ExpiresAt.Equal(want) {
		t.Errorf("got end %s and %v, want %s", token.ExpiresAt, err, want)
	}
}

func TestImportedEndsAreKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := importable(t, 20)
	user.Tokens[0].ExpiresAt = pattest.Start.AddDate(5, 0, 0)
	lenient, strict := f.limiting(pat.Settings{MaxLifetime: month}), f.limiting(pat.Settings{MaxLifetime: month, EnforceMaxLifetime: true})
	if _, err := lenient.ImportUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	for service, end := range map[*pat.Service]time.Time{
		lenient: user.Tokens[0].ExpiresAt, strict: user.Tokens[0].CreatedAt.Add(month), f.service: user.Tokens[0].ExpiresAt,
	} {
		listed, err := service.UserTokens(t.Context(), 7)
		if err != nil || len(listed) != 1 || !listed[0].ExpiresAt.Equal(end) || listed[0].ExceedsMaxLifetime != (service != f.service) {
			t.Errorf("got %+v and %v, want end %s", listed, err, end)
		}
	}
}

func TestLimitIsASetting(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 10, 100} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			service := f.limiting(pat.Settings{MaxTokens: limit})
			user := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer)).ID
			for _, draft := range pattest.Drafts(limit) {
				if _, _, err := service.CreateUserToken(t.Context(), user, draft); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := service.CreateUserToken(t.Context(), user, f.draft("one more"))
			pattest.WantKind(t, err, pat.KindLimit)
			wantMessage(t, err, fmt.Sprintf("Too many PATs (%d) already exist for this user.", limit))
			if _, _, err := service.RotateUserToken(t.Context(), user, 1, overlap); err != nil {
				t.Errorf("a rotation at the limit: %v", err)
			}
		})
	}
}

// TestLoweredLimit: the tokens that exist stay, and no further one is created until there are fewer.
func TestLoweredLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create(t, "second")
	f.create(t, "third")
	service := f.limiting(pat.Settings{MaxTokens: 2})
	for left := 3; left >= 2; left-- {
		_, _, err := service.CreateToken(t.Context(), f.holder.Identity(), f.draft("another"))
		pattest.WantKind(t, err, pat.KindLimit)
		if listed, err := service.Tokens(t.Context(), f.holder.Identity()); err != nil || len(listed) != left {
			t.Errorf("got %d tokens and %v, want %d", len(listed), err, left)
		}
		if err := service.RevokeToken(t.Context(), f.holder.Identity(), pat.TokenID(left)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := service.CreateToken(t.Context(), f.holder.Identity(), f.draft("another")); err != nil {
		t.Errorf("below the limit: %v", err)
	}
}

// TestTraceOfKeysWithAHigherLimit: revoking every token at once still leaves a trace of each key.
func TestTraceOfKeysWithAHigherLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	service := f.limiting(pat.Settings{MaxTokens: 40})
	who := f.holder.Identity()
	for i := range 39 {
		if _, _, err := service.CreateTokenOnce(t.Context(), who, f.until(fmt.Sprint("token ", i)), f.key(t, fmt.Sprint("k", i))); err != nil {
			t.Fatal(err)
		}
	}
	for id := pat.TokenID(2); id <= 40; id++ {
		if err := service.RevokeToken(t.Context(), who, id); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := service.CreateTokenOnce(t.Context(), who, f.until("token 0"), f.key(t, "k0"))
	pattest.WantKind(t, err, pat.KindKeySpent)
}

// history is one account whose expired tokens do not count.
type history struct {
	*rapid.T
	clock   *pattest.Clock
	service *pat.Service
	store   *memory
	ends    map[pat.TokenID]time.Time
}

// TestExpiredTokensNeedNotCount: after any sequence of creates and revokes, at most the limit of tokens is valid, a create is refused only
// then, and of the expired ones those that expired last are listed, at most as many as the limit.
func TestExpiredTokensNeedNotCount(t *testing.T) {
	t.Parallel()
	const limit = 3
	rapid.Check(t, func(r *rapid.T) {
		clock := pattest.NewClock()
		store := &memory{account: pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Viewer), CreatedAt: pattest.Start, NextTokenID: 1}}
		settings := pat.Settings{Retention: pat.DefaultRetention, MaxTokens: limit, ExpiredUncounted: true}
		h := &history{r, clock, pat.NewService(store, settings, pattest.Env(clock)), store, map[pat.TokenID]time.Time{}}
		h.Repeat(map[string]func(*rapid.T){
			"create": func(*rapid.T) { h.create(limit) },
			"revoke": func(*rapid.T) {
				id := pat.TokenID(rapid.Int64Range(1, int64(store.account.NextTokenID)).Draw(r, "token"))
				if h.service.RevokeUserToken(r.Context(), 1, id) == nil {
					delete(h.ends, id)
				}
			},
			"time passes": func(*rapid.T) { clock.Advance(time.Duration(rapid.IntRange(1, 200).Draw(r, "hours")) * time.Hour) },
			"":            func(*rapid.T) { h.check(limit) },
		})
	})
}

func (h *history) create(limit int) {
	valid := 0
	for _, end := range h.ends {
		if end.After(h.clock.Now()) {
			valid++
		}
	}
	end := h.clock.Now().Add(time.Duration(rapid.IntRange(1, 300).Draw(h.T, "lifetime")) * time.Hour)
	draft := pat.Draft{Description: fmt.Sprint(h.store.account.NextTokenID), Scopes: pat.Unscoped(), ExpiresAt: end}
	token, _, err := h.service.CreateUserToken(h.Context(), 1, draft)
	if (err == nil) != (valid < limit) {
		h.Errorf("with %d valid tokens: got %v", valid, err)
	}
	if err == nil {
		h.ends[token.ID] = end
	}
}

func (h *history) check(limit int) {
	now := h.clock.Now()
	var want, expired []pat.TokenID
	for id, end := range h.ends {
		switch {
		case end.After(now):
			want = append(want, id)
		case end.After(now.Add(-pat.DefaultRetention)):
			expired = append(expired, id)
		}
	}
	slices.SortFunc(expired, func(a, b pat.TokenID) int {
		if order := h.ends[b].Compare(h.ends[a]); order != 0 {
			return order
		}
		return int(b - a)
	})
	listed := min(len(expired), limit)
	want = append(want, expired[:listed]...)
	for _, id := range expired[listed:] {
		delete(h.ends, id) // it does not come back, since a change drops it first
	}
	slices.Sort(want)
	tokens, err := h.service.UserTokens(h.Context(), 1)
	if err != nil {
		h.Fatal(err)
	}
	var got []pat.TokenID
	for _, token := range tokens {
		got = append(got, token.ID)
	}
	if !slices.Equal(got, want) {
		h.Errorf("got tokens %v, want %v", got, want)
	}
	if stored := len(h.store.account.Tokens); stored > 2*limit {
		h.Errorf("the store has %d tokens, want at most %d", stored, 2*limit)
	}
}
