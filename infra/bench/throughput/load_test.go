package throughput_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"pats/infra/bench/throughput"
	"pats/infra/testkit/skip"
	"pats/pkg/boltstore"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// serve serves a crowd with the template's stack.
func serve(t *testing.T, crowd *throughput.Crowd) *laptoptest.Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pats.db")
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := crowd.Load(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	return laptoptest.Serve(t, store, laptoptest.Options{})
}

func TestLists(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	crowd := newCrowd(t, 0)
	server := serve(t, crowd)
	for _, what := range []string{throughput.List1, throughput.List10} {
		got, err := throughput.Measure(t.Context(), t.TempDir(), server.URL, crowd, what, 16)
		if err != nil || got.Requests < 16 || got.P99 < got.P50 || got.P50 <= 0 {
			t.Errorf("%s: got %+v, %v; want some answers with latencies", what, got, err)
		}
	}
}

// TestCreatesAreNotRefused sends more creates than one block of users can make, in loads that continue where the last one ended, and
// checks that the store has a token for each response.
func TestCreatesAreNotRefused(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	const blocks = 20
	crowd := newCrowd(t, blocks)
	server := serve(t, crowd)
	answered, most := 0, 0
	for _, connections := range []int{1, 16, 64} {
		got, err := throughput.Measure(t.Context(), t.TempDir(), server.URL, crowd, throughput.Create, connections)
		if err != nil {
			t.Fatal(err)
		}
		answered, most = answered+got.Requests, most+got.Sent
	}
	made := 0
	for after := pat.UserID(0); ; {
		users, err := server.Service.Users(t.Context(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(users) == 0 {
			break
		}
		for _, user := range users {
			after = user.ID
			made += tokens(t, server, user.ID)
		}
	}
	made -= blocks*throughput.Block + 1 + pat.MaxTokens // the tokens from before
	if made < answered || made > most {
		t.Errorf("%d tokens were created, want at least the %d responses and at most the %d requests", made, answered, most)
	}
}

func tokens(t *testing.T, server *laptoptest.Server, id pat.UserID) int {
	t.Helper()
	account, err := server.Service.UserTokens(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return len(account)
}

// TestRefusalsAreNotMeasured loads with unknown tokens and with repeated creates.
func TestRefusalsAreNotMeasured(t *testing.T) {
	t.Parallel()
	skip.Without(t, "wrk", "wrk")
	crowd := newCrowd(t, 1)
	server := serve(t, crowd)
	for _, what := range []string{throughput.List1, throughput.Create} {
		t.Run(what+" with unknown tokens", func(t *testing.T) {
			t.Parallel()
			wantFailure(t, server.URL, newCrowd(t, 1), what, " refused; connections")
		})
	}
	t.Run("creates again", func(t *testing.T) {
		t.Parallel()
		first, again := newCrowd(t, 1), newCrowd(t, 1)
		*again = first.Again()
		server := serve(t, first)
		_, _ = throughput.Measure(t.Context(), t.TempDir(), server.URL, first, throughput.Create, 64)
		wantFailure(t, server.URL, again, throughput.Create, " refused; connections")
	})
	t.Run("too few creates", func(t *testing.T) {
		t.Parallel()
		fast := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }))
		defer fast.Close()
		crowd := newCrowd(t, 1)
		crowd.Spend(throughput.BlockOrders - 5)
		wantFailure(t, fast.URL, crowd, throughput.Create, "prepared creates were used")
		wantFailure(t, fast.URL, newCrowd(t, 0), throughput.Create, "creates prepared for")
	})
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		wantFailure(t, gone.URL, newCrowd(t, 0), throughput.List1, "unable to connect")
	})
}

func wantFailure(t *testing.T, url string, crowd *throughput.Crowd, what, want string) {
	t.Helper()
	_, err := throughput.Measure(t.Context(), t.TempDir(), url, crowd, what, 16)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

// TestCheck checks that wrong responses are found that wrk accepts.
func TestCheck(t *testing.T) {
	t.Parallel()
	crowd := newCrowd(t, 1)
	server := serve(t, crowd)
	for _, what := range []string{throughput.List1, throughput.List10, throughput.Create} {
		if err := throughput.Check(t.Context(), server.URL, crowd, what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"a redirection": {http.StatusNotModified, ""},
		"an empty list": {http.StatusOK, `{"pats":[]}`},
		"no JSON":       {http.StatusOK, "hello"},
		"another 2xx":   {http.StatusAccepted, `{"pats":[{}]}`},
	} {
		odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = fmt.Fprint(w, c.body)
		}))
		if err := throughput.Check(t.Context(), odd.URL, crowd, throughput.List1); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
		odd.Close()
	}
}
