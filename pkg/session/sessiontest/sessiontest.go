// Package sessiontest makes the cookies of people who have signed in, for tests.
package sessiontest

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"pats/pkg/pat"
	"pats/pkg/session"
)

// New returns a session of an hour that begins at now.
func New(tb testing.TB, now time.Time) pat.Session {
	tb.Helper()
	key, err := pat.NewSessionKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return pat.Session{StartedAt: now, ExpiresAt: now.Add(time.Hour), Key: key}
}

// Cookie returns the header Cookie of the user in a New session.
func Cookie(tb testing.TB, client session.Client, site session.Site, user pat.UserID, now time.Time) string {
	tb.Helper()
	started := New(tb, now)
	signed := session.Signed{User: user, Facts: session.FactsOf(started)}
	return header(tb, session.SessionCookie(client, site), signed, now, started.ExpiresAt)
}

// Ticket returns the header Cookie of somebody who comes from the identity provider.
func Ticket(tb testing.TB, client session.Client, site session.Site, ticket session.Ticket, now time.Time) string {
	tb.Helper()
	return header(tb, session.TicketCookie(client, site), ticket, now, now.Add(session.TicketLifetime))
}

func header[T any](tb testing.TB, cookie session.Cookie[T], value T, now, expires time.Time) string {
	tb.Helper()
	headers := http.Header{}
	if err := cookie.Set(headers, rand.Reader, value, now, expires); err != nil {
		tb.Fatal(err)
	}
	return CookieOf(headers)
}

// CookieOf returns the header Cookie of a browser that receives headers: the last cookie that they set, or "" if they set none.
func CookieOf(headers http.Header) string {
	cookie := ""
	for _, line := range headers["Set-Cookie"] {
		if set, err := http.ParseSetCookie(line); err == nil && set.MaxAge > 0 {
			cookie = set.Name + "=" + set.Value
		}
	}
	return cookie
}
