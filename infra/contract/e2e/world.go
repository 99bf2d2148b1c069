package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// world is what a case acts in: users of its own in the front's store, and what it has learnt from answers.
type world struct {
	t      *testing.T
	target Target
	// caller is the user with the token {token}, which is described as "own".
	caller pat.UserID
	// values are those of the placeholders met so far.
	values map[string]string
}

// placeholder is a name in braces. JSON has quotes behind its braces.
var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

func (w *world) send(r request) reply {
	w.t.Helper()
	headers := make([]string, len(r.headers))
	for i, line := range r.headers {
		headers[i] = w.fill(line)
	}
	got, err := request{r.method, w.fill(r.path), headers, w.fill(r.body)}.send(w.t.Context(), w.target.URL)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	w.learn(got)
	return got
}

func (w *world) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string { return w.value(name[1 : len(name)-1]) })
}

func (w *world) value(name string) string {
	w.t.Helper()
	if known, ok := w.values[name]; ok {
		return known
	}
	maker, ok := w.makers()[name]
	if !ok {
		w.t.Fatalf("there is no placeholder {%s}", name)
	}
	w.values[name] = maker()
	return w.values[name]
}

// learn keeps what later steps need of an answer: {made}, the secret of a token that was made, its {id}, {madeUser}, the id of
// a user who was made, and {etag}.
func (w *world) learn(got reply) {
	var body struct {
		ID        json.Number `json:"id"`
		Secret    string      `json:"secret"`
		EmailSent *bool       `json:"emailSent"`
	}
	known := json.Unmarshal([]byte(got.body), &body) == nil
	if known && body.Secret != "" {
		w.values["made"], w.values["id"] = body.Secret, body.ID.String()
	}
	if known && body.EmailSent != nil {
		w.learnUser(body.ID)
	}
	if tag := got.header.Get("Etag"); tag != "" {
		w.values["etag"] = tag
	}
}

// learnUser keeps the id of a user who was made, and removes the user when the case is over.
func (w *world) learnUser(id json.Number) {
	w.t.Helper()
	number, err := id.Int64()
	w.must(err)
	w.values["madeUser"] = id.String()
	w.removeInTheEnd(pat.UserID(number))
}

// makers make what placeholders stand for, each once in a case.
func (w *world) makers() map[string]func() string {
	return map[string]func() string{
		// Tokens of two Admins and of a Viewer, and their names and ids.
		"boss":     func() string { return w.admin(w.value("bossName")) },
		"bossName": newName,
		"bossID":   func() string { return w.userOf("boss", 0) },
		"second":   func() string { return w.admin(newName()) },
		"secondID": func() string { return w.userOf("second", 0) },
		"viewer": func() string {
			return w.tokenOf(w.addUser(pat.Profile{Username: w.value("viewerName"), Name: "Vera", Role: pat.Viewer}))
		},
		"viewerName":   newName,
		"viewerID":     func() string { return w.userOf("viewer", 0) },
		"beforeViewer": func() string { return w.userOf("viewer", -1) },
		// A name that nobody has, one that somebody has also before @example.com, and the id of a user who was deleted.
		"name":      newName,
		"takenName": w.takenName,
		"takenID":   func() string { w.value("takenName"); return w.values["takenID"] },
		// The Viewer's name once there is the Viewer, in full and without its last letters.
		"viewerInFull": func() string { w.value("viewer"); return w.value("viewerName") },
		"viewerStart":  func() string { name := w.value("viewerInFull"); return name[:len(name)-4] },
		"goneUser":     func() string { return w.userOf("deleted", 0) },

		"token": w.ownToken, // the caller's, with the id 1, described as "own"
		// Those of other users.
		"other":       func() string { return w.userWithToken(nothing) },
		"otherID":     func() string { return w.userOf("other", 0) },
		"revoked":     func() string { return w.userWithToken(revokeFirst) },
		"disabled":    func() string { return w.userWithToken(disable) },
		"deleted":     func() string { return w.userWithToken(erase) },
		"expired":     func() string { return w.ended(time.Hour) },
		"longExpired": func() string { return w.ended(2 * pat.DefaultRetention) },
		// Well-formed ones that never were: the one with the selector of the caller's, the other of no user.
		"forged":   w.forged,
		"stranger": w.stranger,
		// The caller's with its last character changed, without it, and without the first five.
		"mistyped": w.mistyped,
		"cut":      func() string { token := w.value("token"); return token[:len(token)-1] },
		"tail":     func() string { return w.value("token")[len("user:"):] },
		// Times in the API's form.
		"soon": func() string { return w.now().Add(time.Hour).Format(timeForm) },
		"past": func() string { return w.now().Add(-time.Hour).Format(timeForm) },
		"user": func() string { return strconv.FormatInt(int64(w.callerID()), 10) },
	}
}

const timeForm = "2006-01-02T15:04:05.000Z"

func (w *world) ownToken() string { return w.tokenOf(w.callerID()) }

// tokenOf is a token of a user's, described as "own".
func (w *world) tokenOf(user pat.UserID) string {
	return w.newToken(user, "own", w.inAnHour(), 0)
}

func (w *world) admin(username string) string {
	return w.tokenOf(w.addUser(pat.Profile{Username: username, Role: pat.Admin}))
}

// userWithToken is the token, with the id 1, of a user to whom something happens.
func (w *world) userWithToken(happens func(context.Context, *pat.Service, pat.UserID) error) string {
	user := w.newUser()
	secret := w.newToken(user, "theirs", w.inAnHour(), 0)
	w.must(happens(w.t.Context(), w.service(0), user))
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

// ended is a token that ended some time ago.
func (w *world) ended(ago time.Duration) string {
	return w.newToken(w.newUser(), "ended", w.now().Add(-ago), ago+time.Hour)
}

func (w *world) forged() string {
	selector := selectorOf(w, w.value("token"))
	raw, err := base64.RawURLEncoding.DecodeString(string(selector))
	w.must(err)
	secret, err := pat.NewSecret(io.MultiReader(bytes.NewReader(raw[8:]), rand.Reader), selector.UserID())
	w.must(err)
	return secret.Reveal()
}

func selectorOf(w *world, token string) pat.Selector {
	secret, err := pat.ParseSecret(token)
	w.must(err)
	return secret.Selector()
}

func (w *world) stranger() string {
	secret, err := pat.NewSecret(rand.Reader, pat.MaxID)
	w.must(err)
	return secret.Reveal()
}

func (w *world) mistyped() string {
	token := w.value("token")
	last := len(token) - 1
	return token[:last] + string('0'+(token[last]+1)%10)
}

func (w *world) callerID() pat.UserID {
	if w.caller == 0 {
		w.caller = w.newUser()
	}
	return w.caller
}

// newUser makes a user who is removed when the case is over.
func (w *world) newUser() pat.UserID {
	w.t.Helper()
	return w.addUser(pat.Profile{Username: newName(), Role: pat.Editor})
}

// addUser makes a user with this profile, who is removed when the case is over.
func (w *world) addUser(profile pat.Profile) pat.UserID {
	w.t.Helper()
	user, err := w.service(0).CreateUser(w.t.Context(), profile)
	w.must(err)
	w.removeInTheEnd(user.ID)
	return user.ID
}

func (w *world) removeInTheEnd(user pat.UserID) {
	w.t.Cleanup(func() {
		err := w.service(0).DeleteUser(context.WithoutCancel(w.t.Context()), user)
		if err != nil && pat.KindOf(err) != pat.KindNotFound {
			w.t.Errorf("removing user %d: %v", user, err)
		}
	})
}

// newName is a username that nobody has, in lower case, as addresses are kept.
func newName() string { return "e2e-" + strings.ToLower(rand.Text()) }

// takenName is the username, and before @example.com the email address, of some user.
func (w *world) takenName() string {
	name := newName()
	id := w.addUser(pat.Profile{Username: name, Email: name + "@example.com", Role: pat.Viewer})
	w.values["takenID"] = strconv.FormatInt(int64(id), 10)
	return name
}

// userOf is the id of the user with the token {holder}, and so much more.
func (w *world) userOf(holder string, more pat.UserID) string {
	return strconv.FormatInt(int64(selectorOf(w, w.value(holder)).UserID()+more), 10)
}

// newToken makes a token as it would have been made some time ago.
func (w *world) newToken(user pat.UserID, description string, expires time.Time, ago time.Duration) string {
	w.t.Helper()
	_, secret, err := w.service(ago).CreateUserToken(w.t.Context(), user, pat.Draft{Description: description, ExpiresAt: expires})
	w.must(err)
	return secret.Reveal()
}

// service works on the front's store with a clock that is late by ago.
func (w *world) service(ago time.Duration) *pat.Service {
	env := pat.SystemEnv(slog.New(slog.DiscardHandler))
	now := env.Now
	env.Now = func() time.Time { return now().Add(-ago) }
	return pat.NewService(w.target.Store, pat.DefaultRetention, env)
}

func (w *world) inAnHour() time.Time { return w.now().Add(time.Hour) }

func (w *world) now() time.Time { return time.Now().UTC() }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// What steps do first.

// fillUp gives the caller tokens until there are n.
func fillUp(n int) func(*world) {
	return func(w *world) {
		w.value("token")
		for i := range n - 1 {
			w.newToken(w.callerID(), fmt.Sprintf("t%d", i+2), w.inAnHour(), 0)
		}
	}
}

// addExpired gives the caller a token that ended an hour ago.
func addExpired(description string) func(*world) {
	return func(w *world) {
		w.value("token")
		w.newToken(w.callerID(), description, w.now().Add(-time.Hour), 2*time.Hour)
	}
}

func setDisabled(disabled bool) func(*world) {
	return func(w *world) { w.must(pattest.SetDisabled(w.t.Context(), w.service(0), w.callerID(), disabled)) }
}

func deleteCaller(w *world) { w.must(w.service(0).DeleteUser(w.t.Context(), w.callerID())) }

// revokeOwn ends the caller's token past the front, as `pats token revoke` does.
func revokeOwn(w *world) { w.must(w.service(0).RevokeUserToken(w.t.Context(), w.callerID(), 1)) }

// otherHasTwo gives the other user a second token.
func otherHasTwo(w *world) {
	w.newToken(selectorOf(w, w.value("other")).UserID(), "second", w.inAnHour(), 0)
}
