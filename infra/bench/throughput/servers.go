package throughput

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5"

	"pats/infra/testkit/binaries"
	"pats/infra/testkit/crowd"
	"pats/infra/testkit/service"
	"pats/pkg/boltstore"
)

// startPats starts `pats serve` on a new data file with the users.
func startPats(ctx context.Context, root, folder string, u *users) (*subject, error) {
	data := filepath.Join(folder, "data")
	store, err := boltstore.Open(filepath.Join(data, "pats.db")) //nolint:contextcheck // opening takes no context
	if err != nil {
		return nil, err
	}
	last := u.accounts[len(u.accounts)-1].ID
	if err := errors.Join(crowd.Import(ctx, store, last, slices.Values(u.accounts), 1), store.Close()); err != nil {
		return nil, err
	}
	// Through a pipe, the access log would cost this process several microseconds of CPU time per request of the server.
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	server, err := service.Start(ctx, service.Command{
		Args:   []string{filepath.Join(root, "bin", "pats"), "serve", "--listen", "127.0.0.1:0", "--data", data},
		Stderr: log,
	})
	return &subject{name: Pats, Service: server, programs: []string{"pats"}}, err
}

// startNetHTTP starts a net/http server that responds to every request with body, the list of one token as pats writes it.
func startNetHTTP(ctx context.Context, root, folder string, body []byte) (*subject, error) {
	list := filepath.Join(folder, "list.json")
	if err := os.WriteFile(list, body, 0o600); err != nil {
		return nil, err
	}
	binary, err := binaries.BuildProgram(ctx, filepath.Join(root, "infra", "bench"), "./throughput/plain", folder)
	if err != nil {
		return nil, err
	}
	server, err := service.Start(ctx, service.Command{Args: []string{binary, list}})
	return &subject{name: NetHTTP, Service: server, programs: []string{"plain"}, only: List1}, err
}

// startUnleash starts an Unleash with a new PostgreSQL, and loads the users into its database.
func startUnleash(ctx context.Context, root, folder string, u *users) (*subject, error) {
	ready := filepath.Join(folder, "unleash.ready")
	server, err := service.Start(ctx, service.Command{
		Args: []string{filepath.Join(root, "infra", "services", "unleash", "start"), "--with-parent", "--ready-file", ready},
	})
	if err != nil {
		return nil, err
	}
	variables, err := service.ReadVariables(ready)
	if err == nil {
		err = u.fill(ctx, variables["DATABASE_URL"])
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("filling Unleash's database: %w", err), server.Stop())
	}
	return &subject{name: Unleash, Service: server, programs: []string{"node", "postgres"}}, nil
}

// fill copies the users into Unleash's tables. Of a token it stores what pats stores.
func (u *users) fill(ctx context.Context, databaseURL string) (err error) {
	database, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close(ctx)) }()
	var users, roles, tokens [][]any
	for _, a := range u.accounts {
		users = append(users, []any{int64(a.ID), a.Username, a.Name, a.Email, a.CreatedAt})
		roles = append(roles, []any{int(a.Role), int64(a.ID), "default"})
		for _, t := range a.Tokens {
			tokens = append(tokens, []any{string(t.Selector), string(t.Verifier), t.Description, int64(a.ID), t.ExpiresAt, t.CreatedAt})
		}
	}
	for _, table := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"users", []string{"id", "username", "name", "email", "created_at"}, users},
		{"role_user", []string{"role_id", "user_id", "project"}, roles},
		{"personal_access_tokens", []string{"selector", "verifier", "description", "user_id", "expires_at", "created_at"}, tokens},
	} {
		if _, err := database.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return err
		}
	}
	// Without statistics, queries on newly filled tables have worse plans.
	_, err = database.Exec(ctx, "VACUUM ANALYZE")
	return err
}
