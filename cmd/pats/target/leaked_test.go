package target_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// leakedOf creates n users with a token each, and returns the service and the tokens.
func leakedOf(t *testing.T, n int) (*pattest.Faulty, *pat.Service, []pat.Secret) {
	t.Helper()
	opened, err := boltstore.Open(filepath.Join(t.TempDir(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	store := pattest.NewFaulty(opened)
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	var secrets []pat.Secret
	for i := range n {
		secrets = append(secrets, pattest.NewHolder(t, store, service, pattest.Profile(fmt.Sprint("user", i), pat.Viewer)).Secret)
	}
	return store, service, secrets
}

// TestLeakedTokensOfManyUsers: what ends comes in order of the users, and after a failure a repetition does the rest.
func TestLeakedTokensOfManyUsers(t *testing.T) {
	t.Parallel()
	store, service, secrets := leakedOf(t, 40)
	var want []pat.Ended
	for i := range secrets {
		want = append(want, pat.Ended{User: pat.UserID(i + 1), Tokens: []pat.TokenID{1}})
	}
	found, err := target.FindLeaked(t.Context(), service, secrets)
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Fatalf("FindLeaked: got error %v, -want +got:\n%s", err, diff)
	}
	store.Refuse(pattest.CallReplaceAccount, 50, pat.Unavailable(nil))
	first, err := target.RevokeLeaked(t.Context(), service, secrets)
	if code := target.Explain(err).Code; err == nil || code != failure.Unavailable {
		t.Errorf("with a store that fails: got code %d and error %v", code, err)
	}
	for range 3 { // the planted failures can outlast one run
		more, again := target.RevokeLeaked(t.Context(), service, secrets)
		if first, err = append(first, more...), again; err == nil {
			break
		}
	}
	if err != nil || len(first) != len(secrets) {
		t.Errorf("got %d users and error %v, want all %d, each once", len(first), err, len(secrets))
	}
	if found, err := target.FindLeaked(t.Context(), service, secrets); err != nil || len(found) > 0 {
		t.Errorf("afterwards: got %v and error %v, want nothing", found, err)
	}
}

// TestServerRevokesEachLeakedToken: also after one of the requests failed for good.
func TestServerRevokesEachLeakedToken(t *testing.T) {
	t.Parallel()
	_, _, secrets := leakedOf(t, 20)
	var mu sync.Mutex
	sent := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(`{"revocation_endpoint":"x"}`))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/prod/oauth/revoke" || r.Header.Get("Authorization") != "" || r.FormValue("descendants") != "true" {
			t.Errorf("got %s with %v", r.URL, r.Header)
		}
		sent[r.FormValue("token")]++
		if len(sent) == 5 {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	of, err := target.NewServer(server.URL+"/prod", "", false)
	if err != nil {
		t.Fatal(err)
	}
	err = of.RevokeLeaked(t.Context(), secrets)
	if target.Explain(err).Code != failure.Usage {
		t.Errorf("got error %v, want the refusal", err)
	}
	if len(sent) != len(secrets) {
		t.Errorf("got %d tokens, want each of %d", len(sent), len(secrets))
	}
}
