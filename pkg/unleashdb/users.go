package unleashdb

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"pats/pkg/pat"
)

// User is a user of Unleash with the tokens.
type User struct {
	// Account has ID, Type, Profile, CreatedAt and Tokens. CreatedAt is 1970 if Unleash has no date. The Selector of a token is empty
	// if Unleash does not create tokens of this form. A date that is infinite in PostgreSQL is out of the range that pats accepts.
	Account pat.Account
	// Refusal is the reason why the user cannot be imported, or empty.
	Refusal string
}

// usersQuery returns a row for each token, and one for each user without tokens. It hashes v1 tokens (user: and 28 bytes in hex) in
// the form of selectors and verifiers: SHA-256 in base64url without padding.
const usersQuery = `
	SELECT u.id, coalesce(u.username, ''), coalesce(u.name, ''), coalesce(u.email, ''),
	       coalesce(u.created_at, 'epoch') AT TIME ZONE 'UTC', u.deleted_at IS NOT NULL, coalesce(u.is_service, false), u.is_system,
	       coalesce(roles.predefined, '{}'), coalesce(roles.custom, '{}'),
	       t.id, coalesce(t.description, ''), coalesce(t.selector, v1.hash, ''), coalesce(t.verifier, v1.hash, ''),
	       t.created_at, t.expires_at, t.seen_at
	FROM users u
	LEFT JOIN (
		SELECT ru.user_id, array_agg(r.name) FILTER (WHERE r.type = 'root') AS predefined,
		       array_agg(r.name) FILTER (WHERE r.type = 'root-custom') AS custom
		FROM role_user ru JOIN roles r ON r.id = ru.role_id
		GROUP BY ru.user_id
	) roles ON roles.user_id = u.id
	LEFT JOIN personal_access_tokens t ON t.user_id = u.id
	LEFT JOIN LATERAL (
		SELECT translate(encode(sha256(convert_to(t.secret, 'UTF8')), 'base64'), '+/=', '-_') AS hash
		WHERE t.secret ~ '^user:[0-9a-f]{56}$'
	) v1 ON true
	ORDER BY u.id, t.id`

// row is one row of usersQuery. tokenID is nil for a user without tokens.
type row struct {
	account                  pat.Account
	userCreated              pgtype.Timestamptz
	deleted, service, system bool
	roles, customRoles       []string
	tokenID                  *int64
	token                    pat.Token
	created, expires, seen   pgtype.Timestamptz
}

// scanUser reads a user with at most one token.
func scanUser(rows pgx.Rows) (User, error) {
	var r row
	err := rows.Scan(&r.account.ID, &r.account.Username, &r.account.Name, &r.account.Email,
		&r.userCreated, &r.deleted, &r.service, &r.system, &r.roles, &r.customRoles,
		&r.tokenID, &r.token.Description, &r.token.Selector, &r.token.Verifier, &r.created, &r.expires, &r.seen)
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}

func (r row) user() User {
	user := User{Account: r.account, Refusal: r.refusal()}
	user.Account.CreatedAt = date(r.userCreated)
	user.Account.Role = role(r.roles)
	if r.service {
		user.Account.Type = pat.ServiceAccount
	}
	if r.tokenID != nil {
		token := r.token
		token.ID, token.Scopes = pat.TokenID(*r.tokenID), pat.Unscoped()
		token.CreatedAt, token.ExpiresAt, token.SeenAt = date(r.created), date(r.expires), date(r.seen)
		user.Account.Tokens = []pat.Token{token}
	}
	return user
}

// refusal returns the reason why the user cannot be imported, or "".
func (r row) refusal() string {
	switch {
	case r.system:
		return "It is a system user of Unleash."
	case r.deleted:
		return "It was deleted in Unleash."
	case role(r.roles) != 0:
		return ""
	case len(r.customRoles) > 0:
		return fmt.Sprintf("Its root role %q is a custom role; only Admin, Editor and Viewer are imported.", r.customRoles[0])
	case len(r.roles) > 0:
		return fmt.Sprintf("Its root role %q is not Admin, Editor or Viewer.", r.roles[0])
	}
	return "It has no root role."
}

// role returns the predefined role with the most permissions, since Unleash adds up the permissions of all roles, or 0.
func role(names []string) pat.Role {
	for _, known := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		if slices.Contains(names, known.String()) {
			return known
		}
	}
	return 0
}

// date returns at in whole milliseconds, the zero time for NULL, and a year that pats does not accept if at is infinite.
func date(at pgtype.Timestamptz) time.Time {
	switch {
	case at.InfinityModifier == pgtype.Infinity:
		return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	case at.InfinityModifier == pgtype.NegativeInfinity:
		return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case !at.Valid:
		return time.Time{}
	}
	return at.Time.UTC().Truncate(time.Millisecond)
}
