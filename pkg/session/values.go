package session

import (
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// The lifetimes of the cookies before the session.
const (
	LoginLifetime  = 10 * time.Minute
	TicketLifetime = time.Minute
)

// Login is a sign-in that has begun.
type Login struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	// Next is a LocalPath, to which the sign-in leads.
	Next string `json:"p"`
}

// Ticket is a sign-in that the identity provider has completed.
type Ticket struct {
	User pat.ProvenUser `json:"u"`
	// Started has the times and the key of the session, so that one ticket leads to one session, however often it is presented.
	Started Facts  `json:"s"`
	Next    string `json:"p"`
}

// Signed is a session.
type Signed struct {
	User  pat.UserID `json:"u"`
	Facts Facts      `json:"s"`
}

// Facts are a pat.Session in JSON.
type Facts struct {
	StartedAt int64  `json:"t"` // milliseconds since 1970 UTC
	ExpiresAt int64  `json:"e"`
	Key       string `json:"k"`
}

// FactsOf returns session in JSON.
func FactsOf(session pat.Session) Facts {
	return Facts{session.StartedAt.UnixMilli(), session.ExpiresAt.UnixMilli(), session.Key.Reveal()}
}

// Session returns the session. Errors: KindUnauthenticated.
func (f Facts) Session() (pat.Session, error) {
	key, err := pat.ParseSessionKey(f.Key)
	if err != nil {
		return pat.Session{}, err
	}
	return pat.Session{StartedAt: time.UnixMilli(f.StartedAt).UTC(), ExpiresAt: time.UnixMilli(f.ExpiresAt).UTC(), Key: key}, nil
}

// LoginCookie returns the cookie of a sign-in that has begun.
func LoginCookie(client Client, site Site) Cookie[Login] {
	return newCookie[Login](client, "login", site)
}

// TicketCookie returns the cookie of a sign-in that the provider has completed.
func TicketCookie(client Client, site Site) Cookie[Ticket] {
	return newCookie[Ticket](client, "ticket", site)
}

// SessionCookie returns the cookie of a session.
func SessionCookie(client Client, site Site) Cookie[Signed] { //nolint:revive // beside LoginCookie and TicketCookie
	return newCookie[Signed](client, "session", site)
}

// Caller returns the caller whose session cookie event has. The caller's account has not been read; see [pat.Service.Admit].
// Errors: KindUnauthenticated.
func Caller(event events.APIGatewayProxyRequest, client Client, site Site, now time.Time) (pat.Identity, error) {
	signed, err := SessionCookie(client, site).Read(proxy.Header(event), now)
	if err != nil {
		return pat.Identity{}, pat.Refused(pat.ReasonNoSession, err)
	}
	session, err := signed.Facts.Session()
	if err != nil {
		return pat.Identity{}, err
	}
	return pat.Identity{User: signed.User, Session: session}, nil
}
