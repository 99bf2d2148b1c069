package api_test

import (
	"net/http"
	"testing"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestSearchUsers checks the matches and their members, which are Unleash's: neither createdAt nor rootRole.
func TestSearchUsers(t *testing.T) {
	t.Parallel()
	const (
		abby = `{"accountType":"User","id":1,"name":"Name of abby","username":"abby","email":"abby@example.org"}`
		vera = `{"accountType":"User","id":2,"name":"Name of vera","username":"vera","email":"vera@example.org"}`
		left = `{"accountType":"User","id":3,"name":"Vera L.","username":"veranda","disabled":true}`
	)
	f := newUserFixture(t)
	pattest.Account(t, f.store, pat.Profile{Username: "veranda", Name: "Vera L.", Role: pat.Viewer, Disabled: true})
	for query, want := range map[string]string{
		"?q=vera":             "[" + vera + "]",
		"?q=VERA@EXAMPLE.ORG": "[" + vera + "]",
		"?q=veranda":          "[" + left + "]",
		"?q=VER":              "[" + vera + "," + left + "]",
		"?q=me+of":            "[" + abby + "," + vera + "]",
		"?q=example":          "[]",
		"?q=%25%25":           "[]",
		"?q=v":                "[]",
		"?q=":                 "[]",
		"":                    "[]",
		"?q[]=vera":           "[]",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			got := f.asAdmin(t, http.MethodGet, api.ResourceUserSearch+query, "")
			wantStatus(t, got, http.StatusOK)
			if got.Body != want {
				t.Errorf("body: got %s, want %s", got.Body, want)
			}
			wantHeader(t, got, "Cache-Control", "no-store")
		})
	}
	t.Run("q twice", func(t *testing.T) {
		t.Parallel()
		got := f.asAdmin(t, http.MethodGet, api.ResourceUserSearch+"?q=vera&q=abby", "")
		wantProblem(t, got, http.StatusBadRequest, schema("/query/q", "The `/query/q` property must be string. You sent [\"vera\",\"abby\"]."))
	})
}

func TestAdminCount(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	pattest.Account(t, f.store, pattest.Profile("anna", pat.Admin))
	disabled := pattest.Account(t, f.store, pattest.Profile("dora", pat.Admin))
	wantStatus(t, f.asAdmin(t, http.MethodPut, onUser(disabled.ID), `{"disabled":true}`), http.StatusOK)
	for name, claims := range map[string]map[string]any{"an Admin": claimsOf(f.admin), "the admin API token": contextOf(f.key.Principal())} {
		got := f.as(t, claims, http.MethodGet, api.ResourceAdminCount, "")
		wantStatus(t, got, http.StatusOK)
		if want := `{"password":0,"noPassword":2,"service":0}`; got.Body != want {
			t.Errorf("%s: got %s, want %s", name, got.Body, want)
		}
	}
}
