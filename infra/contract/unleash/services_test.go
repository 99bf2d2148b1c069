package unleash_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// newUnleash returns the Unleash at url. It creates a user's first token in a session, the only way in Unleash.
func newUnleash(t *testing.T, url string) *side {
	t.Helper()
	s := &side{t: t, name: "Unleash", url: url, client: newClient(), passing: map[string]string{}}
	s.firstToken = func(_, name string) createdToken {
		login := anonymous(http.MethodPost, "/auth/simple/login").json(fmt.Sprintf(`{"username":%q,"password":%q}`, name, password))
		var cookies []string
		for _, line := range s.mustDo(http.StatusOK, login).header.Values("Set-Cookie") {
			cookie, _, _ := strings.Cut(line, ";")
			cookies = append(cookies, cookie)
		}
		return s.newToken(anonymous(http.MethodPost, tokensPath).plus("Cookie: " + strings.Join(cookies, "; ")).
			json(fmt.Sprintf(`{"description":"own","expiresAt":%q}`, far)))
	}
	return s
}

type patsSide struct {
	side       *side
	adminToken string
}

// newPats returns the stack of the template on an embedded store, with the first user of every Unleash.
func newPats(t *testing.T) patsSide {
	t.Helper()
	store := laptoptest.NewStore(t)
	server := laptoptest.Serve(t, store, laptoptest.Options{})
	if _, err := server.Service.CreateUser(t.Context(), pat.Profile{Username: "admin", Role: pat.Admin}); err != nil {
		t.Fatal(err)
	}
	s := &side{t: t, name: "pats", url: server.URL, client: newClient(), passing: map[string]string{}}
	s.firstToken = s.issue(server.Service)
	return patsSide{s, server.AdminToken}
}

// issue creates tokens as `pats token create` does. As each user's ids start at 1, olga's token is made her second, so that its id
// differs from those of the other users' tokens.
func (s *side) issue(service *pat.Service) func(id, name string) createdToken {
	return func(id, name string) createdToken {
		s.t.Helper()
		user, err := strconv.ParseInt(id, 10, 64)
		s.must(err)
		at, err := time.Parse(timeForm, far)
		s.must(err)
		if name == "olga" {
			first, _, err := service.CreateUserToken(s.t.Context(), pat.UserID(user), pat.Draft{Description: "own", Scopes: pat.Unscoped(), ExpiresAt: at})
			s.must(err)
			s.must(service.RevokeUserToken(s.t.Context(), pat.UserID(user), first.ID))
		}
		token, secret, err := service.CreateUserToken(s.t.Context(), pat.UserID(user), pat.Draft{Description: "own", Scopes: pat.Unscoped(), ExpiresAt: at})
		s.must(err)
		return createdToken{json.Number(strconv.FormatInt(int64(token.ID), 10)), secret.Reveal()}
	}
}
