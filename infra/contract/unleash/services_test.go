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

// newUnleash is the one that runs at url. A user's first token needs a session, since Unleash has no other way.
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

// newPats is the template's stack on an embedded store, with the user whom every Unleash has at first.
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

// issue makes tokens as `pats token create` does. Ids rise for each user by itself: olga's own is made her second, so that no
// other user's own has its id.
func (s *side) issue(service *pat.Service) func(id, name string) createdToken {
	return func(id, name string) createdToken {
		s.t.Helper()
		user, err := strconv.ParseInt(id, 10, 64)
		s.must(err)
		at, err := time.Parse(timeForm, far)
		s.must(err)
		if name == "olga" {
			first, _, err := service.CreateUserToken(s.t.Context(), pat.UserID(user), pat.Draft{Description: "own", ExpiresAt: at})
			s.must(err)
			s.must(service.RevokeUserToken(s.t.Context(), pat.UserID(user), first.ID))
		}
		token, secret, err := service.CreateUserToken(s.t.Context(), pat.UserID(user), pat.Draft{Description: "own", ExpiresAt: at})
		s.must(err)
		return createdToken{json.Number(strconv.FormatInt(int64(token.ID), 10)), secret.Reveal()}
	}
}
