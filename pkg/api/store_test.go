package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestStoreFailures checks that a client learns that the service is busy, or nothing.
func TestStoreFailures(t *testing.T) {
	t.Parallel()
	const inside = "dial tcp 10.0.0.7:8000: connection refused"
	const always = 1000
	busy := plain("ServiceUnavailableError", "The service is busy or its store cannot be reached. Try again shortly.")
	fault := plain("UnknownError", "Something went wrong on our side.")
	for name, c := range map[string]struct {
		fail   func(store *pattest.Faulty, request pattest.Call)
		status int
		want   problem
		retry  string
	}{
		"unreachable": {func(s *pattest.Faulty, request pattest.Call) {
			s.Refuse(request, always, pat.Unavailable(errors.New(inside)))
		},
			http.StatusServiceUnavailable, busy, "1"},
		"never free": {func(s *pattest.Faulty, request pattest.Call) {
			s.Refuse(request, always, pat.Conflict(errors.New(inside)))
		},
			http.StatusServiceUnavailable, busy, "1"},
		"an unknown error": {func(s *pattest.Faulty, request pattest.Call) { s.Refuse(request, always, errors.New(inside)) },
			http.StatusInternalServerError, fault, ""},
		"a panic": {func(s *pattest.Faulty, request pattest.Call) { s.Before(request, func() { panic(inside) }) },
			http.StatusInternalServerError, fault, ""},
	} {
		for _, r := range []struct {
			name    string
			request pattest.Call
			req     request
		}{
			{"list", pattest.CallAccount, get()},
			{"create, reading", pattest.CallAccount, post(good)},
			{"create, writing", pattest.CallReplaceAccount, post(good)},
			{"revoke, reading", pattest.CallAccount, remove("1")},
			{"revoke, writing", pattest.CallReplaceAccount, remove("1")},
		} {
			if name == "never free" && r.name == "list" {
				continue // a read does not conflict
			}
			t.Run(name+", "+r.name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				h := f.holder(t)
				c.fail(f.store, r.request)
				got := f.do(t, h, r.req)
				wantProblem(t, got, c.status, c.want)
				wantHeader(t, got, "Retry-After", c.retry)
				if strings.Contains(got.Body, "10.0.0.7") {
					t.Errorf("body: got %s, want no internal text", got.Body)
				}
			})
		}
	}
}

// TestLostResponses checks that a write that took effect although the store reported an error is not repeated.
func TestLostResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		req    request
		status int
		left   []string
	}{
		"create": {post(good), http.StatusCreated, []string{"own", "laptop"}},
		"revoke": {remove("2"), http.StatusOK, []string{"own"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			if name == "revoke" {
				wantStatus(t, f.do(t, h, post(good)), http.StatusCreated)
			}
			f.store.LoseResponse(pattest.CallReplaceAccount)
			wantStatus(t, f.do(t, h, c.req), c.status)
			if diff := cmp.Diff(c.left, f.descriptions(t, h)); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}
