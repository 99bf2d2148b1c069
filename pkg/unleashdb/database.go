// Package unleashdb reads users and personal access tokens from the PostgreSQL database of Unleash 8.2. Of a token that Unleash
// stores in plain text (v1), only a hash leaves the database, which computes it.
package unleashdb

import (
	"context"
	"errors"
	"iter"

	"github.com/jackc/pgx/v5"

	"pats/pkg/pat"
)

// Database is a snapshot of a database: later changes do not show in it. Only one goroutine can use it.
type Database struct {
	conn *pgx.Conn
	tx   pgx.Tx
}

// Open connects to the database at url: postgres://USER@HOST/NAME, or the keyword/value form of libpq. The variables of libpq, such
// as PGPASSWORD, apply too. The snapshot is read-only. No error contains a part of the password.
func Open(ctx context.Context, url string) (*Database, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	conn, err := connect(ctx, config)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, errors.Join(explainQuery(err), conn.Close(ctx))
	}
	return &Database{conn, tx}, nil
}

// Close ends the connection.
func (d *Database) Close(ctx context.Context) error { return d.conn.Close(ctx) }

// Totals describe the users of a Database as a whole.
type Totals struct {
	// Users is the number of users, including those that are not imported.
	Users int
	// LastUser is the highest ID of a user that pats can store, including deleted users, or 0.
	LastUser pat.UserID
}

// Totals counts the users.
func (d *Database) Totals(ctx context.Context) (Totals, error) {
	var t Totals
	row := d.tx.QueryRow(ctx, `SELECT count(*), coalesce(max(id) FILTER (WHERE id > 0 AND id < $1::bigint), 0) FROM users`, int64(pat.MaxID))
	return t, explainQuery(row.Scan(&t.Users, &t.LastUser))
}

// Users returns every user in rising order of ID, including those that are not imported, and ends after an error.
func (d *Database) Users(ctx context.Context) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		rows, err := d.tx.Query(ctx, usersQuery)
		if err != nil {
			yield(User{}, explainQuery(err))
			return
		}
		defer rows.Close()
		readUsers(rows, yield)
	}
}

// readUsers yields a user for all rows with the same user ID.
func readUsers(rows pgx.Rows, yield func(User, error) bool) {
	var last *User
	for rows.Next() {
		next, err := scanUser(rows)
		if err != nil {
			yield(User{}, explainQuery(err))
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
		yield(User{}, explainQuery(err))
	} else if last != nil {
		yield(*last, nil)
	}
}
