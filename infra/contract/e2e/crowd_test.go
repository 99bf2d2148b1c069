package e2e_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestCrowd: many holders at once, each with many requests, see only their own tokens.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const holders, requests = 32, 20
	front := newLaptop(t, map[string]string{"AuthorizerTtlSeconds": "0"})
	service := pat.NewService(front.store, pat.Settings{Retention: pat.DefaultRetention}, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	crowd := make([]pattest.Holder, holders)
	for i := range crowd {
		crowd[i] = holder(t, service, fmt.Sprintf("crowd-%d", i))
	}
	var all sync.WaitGroup
	for _, h := range crowd {
		all.Go(func() {
			for range requests {
				wantOwnList(t, front.target.URL, h)
			}
		})
	}
	all.Wait()
}

// holder is a user with a token that is good by the system's clock.
func holder(t *testing.T, service *pat.Service, name string) pattest.Holder {
	t.Helper()
	account, err := service.CreateUser(t.Context(), pattest.Profile(name, pat.Viewer))
	if err != nil {
		t.Fatal(err)
	}
	draft := pat.Draft{Description: name, Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(pattest.Lifetime)}
	token, secret, err := service.CreateUserToken(t.Context(), account.ID, draft)
	if err != nil {
		t.Fatal(err)
	}
	return pattest.Holder{Account: account, Token: token, Secret: secret}
}

func wantOwnList(t *testing.T, url string, h pattest.Holder) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/admin/user/tokens", nil)
	if err != nil {
		t.Error(err)
		return
	}
	request.Header.Set("Authorization", h.Secret.Reveal())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	var body struct {
		Pats []struct {
			UserID      pat.UserID `json:"userId"`
			Description string     `json:"description"`
		} `json:"pats"`
	}
	err = json.NewDecoder(response.Body).Decode(&body)
	if err != nil || len(body.Pats) != 1 || body.Pats[0].UserID != h.Account.ID || body.Pats[0].Description != h.Token.Description {
		t.Errorf("user %d: got status %d, tokens %v and error %v, want the own token", h.Account.ID, response.StatusCode, body.Pats, err)
	}
}
