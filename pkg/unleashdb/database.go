// Package unleashdb reads users and personal access tokens from the PostgreSQL database of Unleash 8.2. Of a token that Unleash
// keeps in plain text (v1), only a hash leaves the database, which computes it.
package unleashdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"pats/pkg/pat"
)

// Database is a snapshot of a database: what others change meanwhile does not show. It is for one goroutine.
type Database struct {
	conn *pgx.Conn
	tx   pgx.Tx
}

// Open connects to the database that url names (postgres://USER@HOST/NAME, or the form of libpq; the variables PGPASSWORD and
// so on count too). The snapshot is read-only. The error does not tell the password.
func Open(ctx context.Context, url string) (*Database, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return &Database{conn, tx}, nil
}

// Close ends the connection.
func (d *Database) Close(ctx context.Context) error { return d.conn.Close(ctx) }

// Totals say how much there is.
type Totals struct {
	Users, Tokens int
	// LastUser is the highest user ID, also of those who were deleted, or 0.
	LastUser pat.UserID
}

// Totals counts the users and tokens, and those that are not to be imported too.
func (d *Database) Totals(ctx context.Context) (Totals, error) {
	var t Totals
	row := d.tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM personal_access_tokens),
		       (SELECT coalesce(greatest(max(id), 0), 0) FROM users)`)
	return t, explain(row.Scan(&t.Users, &t.Tokens, &t.LastUser))
}

// User is a user of Unleash with the tokens.
type User struct {
	// Account has ID, profile, CreatedAt and Tokens. Of a token in a form that Unleash does not make, Selector is empty.
	Account pat.Account
	// Refusal says why the user is not to be imported; it is empty otherwise.
	Refusal string
}

// columns hashes v1 tokens to the form of selectors and verifiers, base64url without padding. A token is user:, 28 bytes in hex.
const columns = `
	SELECT u.id, coalesce(u.username, ''), coalesce(u.name, ''), coalesce(u.email, ''),
	       coalesce(u.created_at, 'epoch') AT TIME ZONE 'UTC', u.deleted_at IS NOT NULL, coalesce(u.is_service, false), u.is_system,
	       coalesce(roles.names, '{}'),
	       t.id, coalesce(t.description, ''), coalesce(t.selector, v1.hash, ''), coalesce(t.verifier, v1.hash, ''),
	       t.created_at, t.expires_at, t.seen_at
	FROM users u
	LEFT JOIN (
		SELECT ru.user_id, array_agg(r.name) AS names
		FROM role_user ru JOIN roles r ON r.id = ru.role_id
		WHERE r.type IN ('root', 'root-custom')
		GROUP BY ru.user_id
	) roles ON roles.user_id = u.id
	LEFT JOIN personal_access_tokens t ON t.user_id = u.id
	LEFT JOIN LATERAL (
		SELECT translate(encode(sha256(convert_to(t.secret, 'UTF8')), 'base64'), '+/=', '-_') AS hash
		WHERE t.secret ~ '^user:[0-9a-f]{56}$'
	) v1 ON true
	ORDER BY u.id, t.id`

// Users gives every user in rising order of ID, those too that are not to be imported. It ends after an error.
func (d *Database) Users(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		rows, err := d.tx.Query(ctx, columns)
		if err != nil {
			yield(User{}, explain(err))
			return
		}
		defer rows.Close()
		var last *User
		for rows.Next() {
			next, err := scan(rows)
			if err != nil {
				yield(User{}, explain(err))
				return
			}
			if last != nil && last.Account.ID == next.Account.ID {
				last.Account.Tokens = append(last.Account.Tokens, next.Account.Tokens...)
				continue
			}
			if last != nil && !yield(*last, nil) {
				return
			}
			last = &next
		}
		if err := rows.Err(); err != nil {
			yield(User{}, explain(err))
		} else if last != nil {
			yield(*last, nil)
		}
	}
}

// row is a user with one token, or none if its id is not there.
type row struct {
	account                  pat.Account
	deleted, service, system bool
	roles                    []string
	id                       *int64
	token                    pat.Token
	created, expires, seen   pgtype.Timestamptz
}

func scan(rows pgx.Rows) (User, error) {
	var r row
	err := rows.Scan(&r.account.ID, &r.account.Username, &r.account.Name, &r.account.Email,
		&r.account.CreatedAt, &r.deleted, &r.service, &r.system, &r.roles,
		&r.id, &r.token.Description, &r.token.Selector, &r.token.Verifier, &r.created, &r.expires, &r.seen)
	if err != nil {
		return User{}, err
	}
	return r.user(), nil
}

func (r row) user() User {
	user := User{Account: r.account, Refusal: r.refusal()}
	user.Account.CreatedAt = r.account.CreatedAt.UTC()
	user.Account.Role = role(r.roles)
	if r.id != nil {
		token := r.token
		token.ID = pat.TokenID(*r.id)
		token.CreatedAt, token.ExpiresAt, token.SeenAt = moment(r.created), moment(r.expires), moment(r.seen)
		user.Account.Tokens = []pat.Token{token}
	}
	return user
}

func (r row) refusal() string {
	switch {
	case r.system:
		return "It is one of Unleash's own."
	case r.service:
		return "It is a service account."
	case r.deleted:
		return "It was deleted in Unleash."
	case len(r.roles) == 0:
		return "It has no root role."
	case role(r.roles) == 0:
		return fmt.Sprintf("Its root role %q is not Admin, Editor or Viewer.", r.roles[0])
	}
	return ""
}

// role is the one with the most permissions, as they add up in Unleash, or 0.
func role(names []string) pat.Role {
	for _, known := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		if slices.Contains(names, known.String()) {
			return known
		}
	}
	return 0
}

// moment is at in whole milliseconds, and beyond every date that can be written if it is infinite.
func moment(at pgtype.Timestamptz) time.Time {
	if at.InfinityModifier == pgtype.Infinity {
		return time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return at.Time.UTC().Truncate(time.Millisecond)
}

// The codes of PostgreSQL for a table and a column that are not there.
const (
	undefinedTable  = "42P01"
	undefinedColumn = "42703"
)

func explain(err error) error {
	if fault, ok := errors.AsType[*pgconn.PgError](err); ok && (fault.Code == undefinedTable || fault.Code == undefinedColumn) {
		return fmt.Errorf("this is no database of Unleash 8.2: %w", err)
	}
	return err
}
