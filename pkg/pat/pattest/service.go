package pattest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pats/pkg/pat"
)

// crowd is the number of concurrent callers in the tests of the rules.
const crowd = 64

var servicePromises = []promise{
	{"Service: concurrent creates with distinct descriptions leave exactly the limit of tokens", limitHolds},
	{"Service: concurrent creates with one description leave exactly one token", descriptionIsUnique},
	{"Service: creates during revokes lose no token and exceed no limit", createsAgainstRevokes},
	{"Service: concurrent revokes of one token all succeed", revokesAtOnce},
	{"Service: one create sent concurrently with one idempotency key creates exactly one token", keyedAtOnce},
	{"Service: token IDs rise and none is assigned twice", tokenIDsRise},
	{"Service: one token checked concurrently is valid and seen", checksAtOnce},
	{"Service: a token ends with its user", tokenEndsWithUser},
}

func newService(store pat.Store) *pat.Service {
	return pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, Env(NewClock()))
}

// create creates a token for each draft, concurrently.
func create(t *testing.T, service *pat.Service, user pat.UserID, drafts []pat.Draft) ([]pat.Token, []error) {
	t.Helper()
	made := make([]pat.Token, len(drafts))
	errs := together(len(drafts), func(i int) (err error) {
		made[i], _, err = service.CreateUserToken(t.Context(), user, drafts[i])
		return err
	})
	var answered []pat.Token
	for i, token := range made {
		if errs[i] == nil {
			answered = append(answered, token)
		}
	}
	slices.SortFunc(answered, func(a, b pat.Token) int { return int(a.ID - b.ID) })
	return answered, errs
}

// wantTokens fails the test unless the user has exactly these tokens, in rising order of ID.
func wantTokens(t *testing.T, store pat.Store, user pat.UserID, want []pat.Token) {
	t.Helper()
	if diff := cmp.Diff(want, Read(t, store, user).Tokens, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("tokens of user %d, -want +got:\n%s", user, diff)
	}
}

func limitHolds(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	made, errs := create(t, newService(store), account.ID, Drafts(crowd))
	wantKinds(t, errs, map[pat.Kind]int{succeeded: pat.MaxTokens, pat.KindLimit: crowd - pat.MaxTokens})
	wantTokens(t, store, account.ID, made)
	for i, token := range made {
		if token.ID != pat.TokenID(i+1) {
			t.Errorf("token %d has ID %d", i+1, token.ID)
		}
	}
}

func descriptionIsUnique(t *testing.T, store pat.Store) {
	account := Account(t, store, Profile("ann", pat.Viewer))
	made, errs := create(t, newService(store), account.ID, slices.Repeat(Drafts(1), crowd))
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindDuplicate: crowd - 1})
	wantTokens(t, store, account.ID, made)
}

// createsAgainstRevokes revokes a full set of tokens while others are created. A create succeeds or meets the limit.
func createsAgainstRevokes(t *testing.T, store pat.Store) {
	const creates = 2 * pat.MaxTokens
	service, account := newService(store), Account(t, store, Profile("ann", pat.Viewer))
	old, errs := create(t, service, account.ID, Drafts(pat.MaxTokens))
	wantKinds(t, errs, map[pat.Kind]int{succeeded: pat.MaxTokens})
	made := make([]pat.Token, creates)
	errs = together(len(old)+creates, func(i int) (err error) {
		if i < len(old) {
			return service.RevokeUserToken(t.Context(), account.ID, old[i].ID)
		}
		made[i-len(old)], _, err = service.CreateUserToken(t.Context(), account.ID, Draft(fmt.Sprintf("later %d", i)))
		return err
	})
	counts := countKinds(errs)
	if len(errs) != counts[succeeded]+counts[pat.KindLimit] {
		t.Errorf("got kinds %v (-1 is success), want success and %d only: %v", counts, pat.KindLimit, first(errs))
	}
	left := slices.DeleteFunc(made, func(token pat.Token) bool { return token.ID == 0 })
	slices.SortFunc(left, func(a, b pat.Token) int { return int(a.ID - b.ID) })
	wantTokens(t, store, account.ID, left)
	if len(left) > pat.MaxTokens || (len(left) > 0 && left[0].ID <= pat.MaxTokens) {
		t.Errorf("%d tokens are left, the first with ID %d; want at most %d, with IDs above", len(left), left[0].ID, pat.MaxTokens)
	}
}

func keyedAtOnce(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	key, err := pat.NewIdempotencyKey(holder.Secret, "key")
	succeed(t, err)
	made, secrets := make([]pat.Token, crowd), make([]string, crowd)
	errs := together(crowd, func(i int) error {
		token, secret, err := service.CreateTokenOnce(t.Context(), holder.Identity(), Draft("once"), key)
		made[i], secrets[i] = token, secret.Reveal()
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	wantTokens(t, store, holder.Account.ID, []pat.Token{holder.Token, made[0]})
	if len(slices.Compact(secrets)) != 1 {
		t.Error("callers with one key got different secrets")
	}
	secret, err := pat.ParseSecret(secrets[0])
	succeed(t, err)
	_, err = service.Authenticate(t.Context(), secret)
	succeed(t, err)
}

func revokesAtOnce(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	token, _, err := service.CreateToken(t.Context(), holder.Identity(), Draft("short-lived"))
	succeed(t, err)
	errs := together(crowd, func(int) error { return service.RevokeToken(t.Context(), holder.Identity(), token.ID) })
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	wantTokens(t, store, holder.Account.ID, []pat.Token{holder.Token})
}

func tokenIDsRise(t *testing.T, store pat.Store) {
	service, account := newService(store), Account(t, store, Profile("ann", pat.Viewer))
	for want := pat.TokenID(1); want <= pat.MaxTokens+2; want++ {
		token, _, err := service.CreateUserToken(t.Context(), account.ID, Draft("the only one"))
		succeed(t, err)
		if token.ID != want {
			t.Errorf("got ID %d, want %d", token.ID, want)
		}
		succeed(t, service.RevokeUserToken(t.Context(), account.ID, token.ID))
	}
}

func checksAtOnce(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	errs := together(crowd, func(int) error {
		_, err := service.Authenticate(t.Context(), holder.Secret)
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	wantSeen(t, store, holder.Account.ID, Start)
	if got := Read(t, store, holder.Account.ID).Version; got != holder.Account.Version {
		t.Errorf("got version %d, want %d", got, holder.Account.Version)
	}
}

func tokenEndsWithUser(t *testing.T, store pat.Store) {
	service := newService(store)
	holder := NewHolder(t, store, service, Profile("ann", pat.Viewer))
	succeed(t, service.DeleteUser(t.Context(), holder.Account.ID))
	_, err := service.Authenticate(t.Context(), holder.Secret)
	WantKind(t, err, pat.KindUnauthenticated)
	Account(t, store, Profile("ann", pat.Viewer))
	_, err = service.Authenticate(t.Context(), holder.Secret)
	WantKind(t, err, pat.KindUnauthenticated)
}
