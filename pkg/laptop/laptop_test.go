package laptop_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestFunctionsRefuseImportedTokens: a caller who was authorized by an imported token is refused by the functions themselves
// unless the template accepts such tokens, so the gateway's cache does not keep the token alive.
func TestFunctionsRefuseImportedTokens(t *testing.T) {
	t.Parallel()
	for function, event := range map[string]events.APIGatewayProxyRequest{
		"TokensFunction":      {Resource: "/api/admin/user/tokens", Path: "/api/admin/user/tokens", HTTPMethod: http.MethodGet},
		"UsersFunction":       {Resource: "/api/admin/user", Path: "/api/admin/user", HTTPMethod: http.MethodGet},
		"AdminTokensFunction": {Resource: "/api/admin/tokens", Path: "/api/admin/tokens", HTTPMethod: http.MethodGet},
	} {
		for accept, want := range map[string]int{"true": http.StatusOK, "false": http.StatusUnauthorized} {
			t.Run(function+", "+accept, func(t *testing.T) {
				t.Parallel()
				store := laptoptest.NewStore(t)
				server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"AcceptImportedTokens": accept}})
				event := event
				event.RequestContext.Authorizer = importedCaller(t, store, server.Service)
				response, err := server.Functions.Proxies[function](t.Context(), event)
				if err != nil || response.StatusCode != want {
					t.Errorf("got %d %s and error %v, want status %d", response.StatusCode, response.Body, err, want)
				}
			})
		}
	}
}

// importedCaller imports a user with one token, and returns the context that the authorizer adds to the holder's requests.
func importedCaller(t *testing.T, store pat.Store, service *pat.Service) map[string]any {
	t.Helper()
	secret, err := pat.ParseForeignSecret("user:" + strings.Repeat("0123abcd", 7))
	if err != nil {
		t.Fatal(err)
	}
	user := pat.Account{ID: 7, Profile: pattest.Profile("vera", pat.Admin), CreatedAt: time.Now(), Tokens: []pat.Token{{
		ID: 1, Description: "imported", Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	}}}
	if err := service.ReserveUserIDs(t.Context(), user.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := service.ImportUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	accepting := pat.NewService(store, pat.Settings{AcceptImported: true}, pattest.Env(pattest.NewClock()))
	who, err := accepting.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	for name, value := range (pat.Principal{Kind: pat.HolderUser, Identity: who}).Claims() {
		claims[name] = value
	}
	return claims
}

// TestUserChangeKeepsExpiredTokens: the user routes keep expired tokens as long as the token routes do.
func TestUserChangeKeepsExpiredTokens(t *testing.T) {
	t.Parallel()
	store, clock := laptoptest.NewStore(t), pattest.NewClock()
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"ExpiredRetentionDays": "100"}, Now: clock.Now})
	account := pattest.Account(t, store, pattest.Profile("ann", pat.Editor))
	draft := pat.Draft{Description: "expired", Scopes: pat.Unscoped(), ExpiresAt: clock.Now().Add(time.Hour)}
	if _, _, err := server.Service.CreateUserToken(t.Context(), account.ID, draft); err != nil {
		t.Fatal(err)
	}
	clock.Advance(99 * 24 * time.Hour)
	url := fmt.Sprintf("%s/api/admin/user-admin/%d", server.URL, account.ID)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(`{"name":"Ann"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", server.AdminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("got status %d with %s, want 200", response.StatusCode, body)
	}
	if got := len(pattest.Read(t, store, account.ID).Tokens); got != 1 {
		t.Errorf("got %d tokens after 99 of 100 days, want 1", got)
	}
}

// TestAdminsRevokeTokensWhileTheirRoutesAreDisabled: the kill switch of the token routes leaves Admins a way to revoke tokens.
func TestAdminsRevokeTokensWhileTheirRoutesAreDisabled(t *testing.T) {
	t.Parallel()
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: map[string]string{"PatsEnabled": "false"}, Now: pattest.NewClock().Now})
	holder := pattest.NewHolder(t, store, server.Service, pattest.Profile("ann", pat.Editor))
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{http.MethodGet, "/api/admin/user/tokens", http.StatusNotFound, "PATs are disabled."},
		{http.MethodGet, "/api/admin/tokens", http.StatusOK, `"description":"own"`},
		{http.MethodDelete, fmt.Sprintf("/api/admin/user-admin/%d/tokens", holder.Account.ID), http.StatusOK, `{"revoked":[1]}`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", server.AdminToken)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != c.status || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %s: got %d %s, want %d with %s", c.method, c.path, response.StatusCode, body, c.status, c.want)
		}
	}
}
