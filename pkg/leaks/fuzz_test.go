package leaks_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pats/pkg/leaks"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// FuzzReport checks that any body in any partner's name gets a documented status in the form of the API, and that a token works on
// exactly if the body is no report of it that the partner has proved.
func FuzzReport(f *testing.F) {
	const kind = `,"type":"gitleaks_rule_id_pats-token"`
	for _, body := range []string{
		"", "null", "[]", "{}", "[1]", `[{"token":"TOKEN"` + kind + `}]`, `[{"token":"TOKEN","type":1}]`, `[{"token":" TOKEN "` + kind + `},{}]`,
		`[{"token":"x"` + kind + `},{"token":"TOKEN"` + kind + `}]`, "[[[[", `[{"TOKEN":"TOKEN"}]`, "\ufeff[]", `[{"token":"TOKEN","token":""` + kind + `}]`,
	} {
		f.Add(body, true, true)
		f.Add(body, false, true)
		f.Add(body, true, false)
	}
	fixture := newFixture(f)
	ann := fixture.holder(f, "ann")
	f.Fuzz(func(t *testing.T, text string, github, proved bool) {
		store := &memory{account: pattest.Read(t, fixture.store, ann.Account.ID)}
		fixture.handler = leaks.New(pat.NewService(store, pat.Settings{}, fixture.env), fixture.settings, fixture.env, nil)
		text = strings.ReplaceAll(text, "TOKEN", ann.Secret.Reveal())
		of := fromGitLab(text)
		if github {
			of = signed(t, fixture.key, text)
		}
		if !proved {
			of.MultiValueHeaders = http.Header{"Authorization": {"x"}, "Github-Public-Key-Identifier": {keyID}, "Github-Public-Key-Signature": {"MEUC"}}
		}
		got := fixture.handle(t, of)
		revoked := len(store.account.Tokens) == 0
		switch got.StatusCode {
		case http.StatusOK, http.StatusNoContent:
			if want := reports(text, ann.Secret.Reveal()); !proved || revoked != want {
				t.Errorf("%q: got status %d and revoked %t, want %t", text, got.StatusCode, revoked, want)
			}
		case http.StatusBadRequest, http.StatusForbidden, http.StatusUnauthorized, http.StatusRequestEntityTooLarge:
			wantProblem(t, "a refusal", got, got.StatusCode, "")
			if revoked || (proved && got.StatusCode/10 == 40 && got.StatusCode != http.StatusBadRequest) {
				t.Errorf("%q: got status %d and revoked %t", text, got.StatusCode, revoked)
			}
		default:
			t.Errorf("%q: got status %d with %s", text, got.StatusCode, got.Body)
		}
	})
}

// memory is a Store of one user.
type memory struct {
	pat.Store
	account pat.Account
}

func (m *memory) Account(context.Context, pat.UserID) (pat.Account, error) { return m.account, nil }

func (m *memory) ReplaceAccount(_ context.Context, _, after pat.Account) error {
	m.account = after
	return nil
}

// reports reports whether an element of body names token.
func reports(body, token string) bool {
	var elements []struct{ Token string }
	if json.Unmarshal([]byte(body), &elements) != nil {
		return false
	}
	for _, element := range elements {
		if strings.TrimSpace(element.Token) == token {
			return true
		}
	}
	return false
}
