package throughput

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/jackc/pgx/v5"
)

// startUnleash starts an Unleash with a new PostgreSQL, and loads the crowd into its database.
func startUnleash(ctx context.Context, root, folder string, c *crowd) (*subject, error) {
	ready := filepath.Join(folder, "unleash.ready")
	service, url, err := start(ctx, filepath.Join(folder, "unleash.log"), filepath.Join(root, "infra", "services", "unleash", "start"),
		"--with-parent", "--ready-file", ready)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, ready, c); err != nil {
		return nil, errors.Join(fmt.Errorf("filling Unleash's database: %w", err), service.stop(ctx))
	}
	return &subject{name: Unleash, url: url, service: service, programs: []string{"node", "postgres"}}, nil
}

var databaseURL = regexp.MustCompile(`(?m)^DATABASE_URL='(.*)'$`)

func fill(ctx context.Context, ready string, c *crowd) (err error) {
	text, err := os.ReadFile(ready) //nolint:gosec // in the folder of the benchmark
	if err != nil {
		return err
	}
	match := databaseURL.FindSubmatch(text)
	if match == nil {
		return fmt.Errorf("%s does not contain DATABASE_URL", ready)
	}
	database, err := pgx.Connect(ctx, string(match[1]))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close(ctx)) }()
	for _, table := range c.tables() {
		if _, err := database.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return err
		}
	}
	// Without statistics, queries on newly filled tables have worse plans.
	_, err = database.Exec(ctx, "VACUUM ANALYZE")
	return err
}

// table holds rows for one of Unleash's tables.
type table struct {
	name    string
	columns []string
	rows    [][]any
}

// tables returns the crowd as Unleash stores it. Of a token it stores what pats stores.
func (c *crowd) tables() []table {
	users := table{name: "users", columns: []string{"id", "username", "name", "email", "created_at"}}
	roles := table{name: "role_user", columns: []string{"role_id", "user_id", "project"}}
	tokens := table{
		name:    "personal_access_tokens",
		columns: []string{"selector", "verifier", "description", "user_id", "expires_at", "created_at"},
	}
	for _, a := range c.accounts {
		users.rows = append(users.rows, []any{int64(a.ID), a.Username, a.Name, a.Email, a.CreatedAt})
		roles.rows = append(roles.rows, []any{int(a.Role), int64(a.ID), "default"})
		for _, t := range a.Tokens {
			tokens.rows = append(tokens.rows,
				[]any{string(t.Selector), string(t.Verifier), t.Description, int64(a.ID), t.ExpiresAt, t.CreatedAt})
		}
	}
	return []table{users, roles, tokens}
}
