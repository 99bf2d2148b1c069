package e2e_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/pkg/api/apitypes"
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
	client := apiclient.New(t, holders)
	var all sync.WaitGroup
	for _, h := range crowd {
		all.Go(func() {
			for range requests {
				wantOwnList(t, client, front.target.URL, h)
			}
		})
	}
	all.Wait()
}

// holder is a user with a token that is good by the system's clock.
func holder(t *testing.T, service *pat.Service, name string) pattest.Holder {
	t.Helper()
	account, err := service.CreateUser(t.Context(), pattest.Profile(name, pat.Viewer))
	must.Do(t, err)
	draft := pat.Draft{Description: name, Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(pattest.Lifetime)}
	token, secret, err := service.CreateUserToken(t.Context(), account.ID, draft)
	must.Do(t, err)
	return pattest.Holder{Account: account, Token: token, Secret: secret}
}

func wantOwnList(t *testing.T, client *http.Client, url string, h pattest.Holder) {
	t.Helper()
	var body apitypes.TokenList
	got, err := apiclient.Send(t.Context(), client, url, apiclient.Request{Method: http.MethodGet, Path: deployed.TokensPath, Token: h.Secret.Reveal()})
	if err == nil {
		err = got.Decode(http.StatusOK, &body)
	}
	if err != nil || len(body.Pats) != 1 || body.Pats[0].UserID != h.Account.ID || body.Pats[0].Description != h.Token.Description {
		t.Errorf("user %d: got %v and error %v, want the own token", h.Account.ID, got, err)
	}
}
