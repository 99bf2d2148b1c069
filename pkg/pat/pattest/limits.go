package pattest

import (
	"testing"
	"time"

	"pats/pkg/pat"
)

var limitPromises = []promise{
	{"Service: concurrent creates leave exactly the limit of the settings", settingHolds},
	{"Service: concurrent creates beside expired tokens that do not count leave exactly the limit of valid ones", validLimitHolds},
	{"Service: concurrent creates and rotations exceed no longest lifetime", lifetimeHolds},
}

func settingHolds(t *testing.T, store pat.Store) {
	const limit = 23
	account := Account(t, store, Profile("ann", pat.Viewer))
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, MaxTokens: limit}, Env(NewClock()))
	made, errs := create(t, service, account.ID, Drafts(crowd))
	wantKinds(t, errs, map[pat.Kind]int{succeeded: limit, pat.KindLimit: crowd - limit})
	wantTokens(t, store, account.ID, made)
}

func validLimitHolds(t *testing.T, store pat.Store) {
	const limit = 7
	clock := NewClock()
	account := Account(t, store, Profile("ann", pat.Viewer))
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, MaxTokens: limit, ExpiredUncounted: true}, Env(clock))
	expiring := Drafts(limit)
	for i := range expiring {
		expiring[i].Description += " expires"
		expiring[i].ExpiresAt = Start.Add(time.Hour)
	}
	old, errs := create(t, service, account.ID, expiring)
	wantKinds(t, errs, map[pat.Kind]int{succeeded: limit})
	clock.Advance(time.Hour)
	made, errs := create(t, service, account.ID, Drafts(crowd))
	wantKinds(t, errs, map[pat.Kind]int{succeeded: limit, pat.KindLimit: crowd - limit})
	wantTokens(t, store, account.ID, append(old, made...))
}

// lifetimeHolds creates and rotates tokens with ends on both sides of the longest lifetime.
func lifetimeHolds(t *testing.T, store pat.Store) {
	const longest = 24 * time.Hour
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention, MaxLifetime: longest, MaxTokens: crowd}, Env(NewClock()))
	account := Account(t, store, Profile("ann", pat.Viewer))
	first := pat.Draft{Description: "first", Scopes: pat.Unscoped(), ExpiresAt: Start.Add(time.Hour)}
	token, _, err := service.CreateUserToken(t.Context(), account.ID, first)
	succeed(t, err)
	drafts := Drafts(crowd / 4)
	errs := together(len(drafts), func(i int) (err error) {
		end := Start.Add(longest + time.Duration(i%2)*time.Millisecond)
		if i%4 < 2 {
			_, _, err = service.RotateUserToken(t.Context(), account.ID, token.ID, pat.Rotation{ExpiresAt: end})
			return err
		}
		drafts[i].ExpiresAt = end
		_, _, err = service.CreateUserToken(t.Context(), account.ID, drafts[i])
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: len(drafts) / 2, pat.KindInvalid: len(drafts) / 2})
	for _, token := range Read(t, store, account.ID).Tokens {
		if token.ExpiresAt.After(Start.Add(longest)) {
			t.Errorf("token %d ends at %s, after the longest lifetime", token.ID, token.ExpiresAt)
		}
	}
}
