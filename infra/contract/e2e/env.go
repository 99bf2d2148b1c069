package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// env is the environment of one case: its own users in the store, and what it has read from responses.
type env struct {
	t      *testing.T
	target Target
	// caller is the user with the token {token}, which is described as "own".
	caller pat.UserID
	// values are the values of the placeholders used so far.
	values map[string]string
}

func newEnv(t *testing.T, target Target) *env {
	return &env{t: t, target: target, values: map[string]string{"adminToken": target.AdminToken, "sharedToken": target.Partners.Token()}}
}

// placeholder is a name in braces. In JSON a quote follows the brace.
var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

func (e *env) send(r request) response {
	e.t.Helper()
	headers := make([]string, len(r.headers))
	for i, line := range r.headers {
		headers[i] = e.fill(line)
	}
	got, err := request{r.method, e.fill(r.path), headers, e.fill(r.body)}.send(e.t.Context(), e.target.URL)
	if err != nil {
		e.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	e.learn(got)
	return got
}

func (e *env) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return e.value(name[1 : len(name)-1]) })
}

func (e *env) value(name string) string {
	e.t.Helper()
	if known, ok := e.values[name]; ok {
		return known
	}
	e.values[name] = e.makerOf(name)()
	return e.values[name]
}

// makerOf returns the function that creates the value of a placeholder. {xID} is the id of the user of token {x}, and {xPats} is that
// token in the spelling with pats_, {xForm} is it form-encoded, and {xBasic} and {xFormBasic} are Basic credentials of the user ID and the
// token, raw and form-encoded.
func (e *env) makerOf(name string) func() string {
	e.t.Helper()
	for _, makers := range []map[string]func() string{e.makers(), e.scopedMakers()} {
		if maker, ok := makers[name]; ok {
			return maker
		}
	}
	if token, ok := strings.CutSuffix(name, "ID"); ok {
		return func() string { return e.userOf(token, 0) }
	}
	if token, ok := strings.CutSuffix(name, "Pats"); ok {
		return func() string { return pattest.InPats(e.value(token)) }
	}
	if token, ok := strings.CutSuffix(name, "FormBasic"); ok {
		return func() string { return basicOf(e.userOf(token, 0), url.QueryEscape(e.value(token))) }
	}
	if token, ok := strings.CutSuffix(name, "Basic"); ok {
		return func() string { return basicOf(e.userOf(token, 0), e.value(token)) }
	}
	if token, ok := strings.CutSuffix(name, "Form"); ok {
		return func() string { return url.QueryEscape(e.value(token)) }
	}
	e.t.Fatalf("there is no placeholder {%s}", name)
	return nil
}

// learn keeps what later steps need from a response: {made}, the secret of a new token, its {id}, {madeUser}, the id of a new user,
// and {etag}.
func (e *env) learn(got response) {
	var body struct {
		ID        json.Number `json:"id"`
		Secret    string      `json:"secret"`
		EmailSent *bool       `json:"emailSent"`
	}
	known := json.Unmarshal([]byte(got.body), &body) == nil
	if known && body.Secret != "" {
		e.values["made"], e.values["id"] = body.Secret, body.ID.String()
	}
	if known && (body.EmailSent != nil || strings.HasPrefix(got.header.Get("Location"), "service-account/")) {
		e.learnUser(body.ID)
	}
	if tag := got.header.Get("Etag"); tag != "" {
		e.values["etag"] = tag
	}
}

// learnUser keeps the id of a new user, who is deleted at the end of the case.
func (e *env) learnUser(id json.Number) {
	e.t.Helper()
	number, err := id.Int64()
	e.must(err)
	e.values["madeUser"] = id.String()
	e.removeInTheEnd(pat.UserID(number))
}

// makers returns functions that create the values of placeholders. Each is called once in a case.
func (e *env) makers() map[string]func() string {
	return map[string]func() string{
		// Tokens and names of two Admins and a Viewer.
		"admin":     func() string { return e.newAdmin(e.value("adminName")) },
		"adminName": newName,
		"second":    func() string { return e.newAdmin(newName()) },
		"viewer": func() string {
			return e.tokenOf(e.addUser(pat.Profile{Username: e.value("viewerName"), Name: "Vera", Role: pat.Viewer}))
		},
		"viewerName": newName,
		// The token of a service account with a Viewer's role.
		"service":       e.newService,
		"serviceName":   newName,
		"serviceInFull": func() string { e.value("service"); return e.value("serviceName") },
		"beforeService": func() string { return e.userOf("service", -1) },
		"beforeViewer":  func() string { return e.userOf("viewer", -1) },
		// An unused name, one that is taken both as a username and before @example.com, and the id of a deleted user.
		"name":      newName,
		"takenName": e.takenName,
		"takenID":   func() string { e.value("takenName"); return e.values["takenID"] },
		// The Viewer's name after the Viewer was created, in full and without its last letters.
		"viewerInFull": func() string { e.value("viewer"); return e.value("viewerName") },
		"viewerStart":  func() string { name := e.value("viewerInFull"); return name[:len(name)-4] },
		"goneUser":     func() string { return e.userOf("deleted", 0) },

		"token": e.ownToken, // the caller's, with the id 1, described as "own"
		// Tokens of other users.
		"other":       func() string { return e.userWithToken(nothing) },
		"revoked":     func() string { return e.userWithToken(revokeFirst) },
		"disabled":    func() string { return e.userWithToken(disable) },
		"deleted":     func() string { return e.userWithToken(erase) },
		"expired":     func() string { return e.ended(time.Hour) },
		"longExpired": func() string { return e.ended(2 * pat.DefaultRetention) },
		// Well-formed tokens that were never issued: one with the selector of the caller's, one of no user.
		"forged":   func() string { return pattest.Forge(e.t, selectorOf(e, e.value("token"))) },
		"stranger": e.stranger,
		// The caller's token with its last character changed, without it, and without the first five.
		"mistyped": func() string { return pattest.Mistyped(e.value("token")) },
		"cut":      func() string { token := e.value("token"); return token[:len(token)-1] },
		"tail":     func() string { return e.value("token")[len("user:"):] },
		// The caller's token in the spelling with pats_, and without its prefix.
		"pats": func() string { return pattest.InPats(e.value("token")) },
		"rest": func() string { return strings.TrimPrefix(e.value("token"), string(pat.PrefixUnleash)) },
		// Timestamps of the API.
		"soon": func() string { return e.now().Add(time.Hour).Format(timeForm) },
		"past": func() string { return e.now().Add(-time.Hour).Format(timeForm) },
		"user": func() string { return strconv.FormatInt(int64(e.callerID()), 10) },
		// The caller's username, and the base URL of the API.
		"ownName": e.ownName,
		"url":     func() string { return e.target.URL },
	}
}

const timeForm = "2006-01-02T15:04:05.000Z"

func (e *env) ownToken() string { return e.tokenOf(e.callerID()) }

// tokenOf creates a token of the user, described as "own".
func (e *env) tokenOf(user pat.UserID) string {
	return e.newToken(user, "own", e.inAnHour(), 0)
}

func (e *env) newService() string {
	e.t.Helper()
	profile := pat.Profile{Username: e.value("serviceName"), Name: "Deployments", Role: pat.Viewer}
	account, err := e.service(0).CreateServiceAccount(e.t.Context(), profile)
	e.must(err)
	e.removeInTheEnd(account.ID)
	return e.tokenOf(account.ID)
}

func (e *env) newAdmin(username string) string {
	return e.tokenOf(e.addUser(pat.Profile{Username: username, Role: pat.Admin}))
}

// userWithToken creates a user with a token, whose id is 1, calls happens, and returns the token.
func (e *env) userWithToken(happens func(context.Context, *pat.Service, pat.UserID) error) string {
	user := e.newUser()
	secret := e.newToken(user, "theirs", e.inAnHour(), 0)
	e.must(happens(e.t.Context(), e.service(0), user))
	return secret
}

func nothing(context.Context, *pat.Service, pat.UserID) error { return nil }

func revokeFirst(ctx context.Context, s *pat.Service, user pat.UserID) error {
	return s.RevokeUserToken(ctx, user, 1)
}

func disable(ctx context.Context, s *pat.Service, user pat.UserID) error {
	return pattest.SetDisabled(ctx, s, user, true)
}

func erase(ctx context.Context, s *pat.Service, user pat.UserID) error {
	return s.DeleteUser(ctx, user)
}

// ended returns a token that expired some time ago.
func (e *env) ended(ago time.Duration) string {
	return e.newToken(e.newUser(), "ended", e.now().Add(-ago), ago+time.Hour)
}

func selectorOf(e *env, token string) pat.Selector {
	secret, err := pat.ParseSecret(token)
	e.must(err)
	return secret.Selector()
}

func (e *env) stranger() string {
	secret, err := pat.NewSecret(rand.Reader, pat.MaxID)
	e.must(err)
	return secret.Reveal()
}

func (e *env) ownName() string {
	user, err := e.service(0).User(e.t.Context(), e.callerID())
	e.must(err)
	return user.Username
}

func (e *env) callerID() pat.UserID {
	if e.caller == 0 {
		e.caller = e.newUser()
	}
	return e.caller
}

// newUser creates a user who is deleted at the end of the case.
func (e *env) newUser() pat.UserID {
	e.t.Helper()
	return e.addUser(pat.Profile{Username: newName(), Role: pat.Editor})
}

// addUser creates a user with this profile, who is deleted at the end of the case.
func (e *env) addUser(profile pat.Profile) pat.UserID {
	e.t.Helper()
	user, err := e.service(0).CreateUser(e.t.Context(), profile)
	e.must(err)
	e.removeInTheEnd(user.ID)
	return user.ID
}

func (e *env) removeInTheEnd(user pat.UserID) {
	e.t.Cleanup(func() {
		err := e.service(0).DeleteUser(context.WithoutCancel(e.t.Context()), user)
		if err != nil && pat.KindOf(err) != pat.KindNotFound {
			e.t.Errorf("removing user %d: %v", user, err)
		}
	})
}

// newName returns an unused username, in lower case, as email addresses are stored.
func newName() string { return "e2e-" + strings.ToLower(rand.Text()) }

// takenName creates a user and returns the username, which is also the local part of an address at example.com.
func (e *env) takenName() string {
	name := newName()
	id := e.addUser(pat.Profile{Username: name, Email: name + "@example.com", Role: pat.Viewer})
	e.values["takenID"] = strconv.FormatInt(int64(id), 10)
	return name
}

// userOf returns the id of the user with the token {holder}, plus more.
func (e *env) userOf(holder string, more pat.UserID) string {
	return strconv.FormatInt(int64(selectorOf(e, e.value(holder)).UserID()+more), 10)
}

// newToken creates a token as if that were some time ago.
func (e *env) newToken(user pat.UserID, description string, expires time.Time, ago time.Duration) string {
	e.t.Helper()
	_, secret, err := e.service(ago).CreateUserToken(e.t.Context(), user, pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: expires})
	e.must(err)
	return secret.Reveal()
}

// service returns a Service on the store of the target whose clock is late by ago.
func (e *env) service(ago time.Duration) *pat.Service {
	env := pat.SystemEnv(slog.New(slog.DiscardHandler))
	now := env.Now
	env.Now = func() time.Time { return now().Add(-ago) }
	return pat.NewService(e.target.Store, pat.Settings{Retention: pat.DefaultRetention}, env)
}

func (e *env) inAnHour() time.Time { return e.now().Add(time.Hour) }

func (e *env) now() time.Time { return time.Now().UTC() }

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// Functions that steps call first.

// fillUp creates tokens for the caller until there are n.
func fillUp(n int) func(*env) {
	return func(e *env) {
		e.value("token")
		for i := range n - 1 {
			e.newToken(e.callerID(), fmt.Sprintf("t%d", i+2), e.inAnHour(), 0)
		}
	}
}

// addExpired adds a token of the caller that expired an hour ago.
func addExpired(description string) func(*env) {
	return func(e *env) {
		e.value("token")
		e.newToken(e.callerID(), description, e.now().Add(-time.Hour), 2*time.Hour)
	}
}

func setDisabled(disabled bool) func(*env) {
	return func(e *env) { e.must(pattest.SetDisabled(e.t.Context(), e.service(0), e.callerID(), disabled)) }
}

func deleteCaller(e *env) { e.must(e.service(0).DeleteUser(e.t.Context(), e.callerID())) }

// revokeOwn revokes the caller's token in the store, as `pats token revoke` does.
func revokeOwn(e *env) { e.must(e.service(0).RevokeUserToken(e.t.Context(), e.callerID(), 1)) }

// otherHasTwo adds a second token of the other user.
func otherHasTwo(e *env) {
	e.newToken(selectorOf(e, e.value("other")).UserID(), "second", e.inAnHour(), 0)
}
