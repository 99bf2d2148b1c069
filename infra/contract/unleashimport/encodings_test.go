package unleashimport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// checkEncodings imports a user whose name has the byte 0xEB (ë in Latin-1) from databases that are not in UTF-8. Without an encoding
// the byte means nothing, so the user is refused, and the next one is imported.
func checkEncodings(t *testing.T, command, url string) {
	t.Helper()
	for encoding, want := range map[string]map[pat.UserID]string{
		"LATIN1":    {1: "Zoë", 2: ""},
		"SQL_ASCII": {2: ""},
	} {
		tg := newBolt(t, command, fillEncoded(t, url, encoding))
		got := tg.run(t)
		store := tg.open(t)
		for id, name := range want {
			account, err := store.Account(t.Context(), id)
			if err != nil || account.Name != name {
				t.Errorf("%s: got user %d with name %q and %v, want %q", encoding, id, account.Name, err, name)
			}
		}
		if got.Users.Imported != len(want) || got.Users.Refused != 2-len(want) {
			t.Errorf("%s: got users %+v with refusals %v, want %d imported", encoding, got.Users, got.Refused, len(want))
		}
	}
}

// fillEncoded creates a database with an encoding and two users, and returns its URL.
func fillEncoded(t *testing.T, url, encoding string) string {
	t.Helper()
	name := strings.ToLower(encoding)
	execute(t, url, fmt.Sprintf("CREATE DATABASE %s ENCODING '%s' TEMPLATE template0", name, encoding))
	encoded := strings.TrimSuffix(url, "postgres") + name
	execute(t, encoded, "SET client_encoding TO "+encoding, tables, `
		INSERT INTO users (id, username, name) VALUES (1, 'zoe', E'Zo\xEB'), (2, 'bob', '');
		INSERT INTO role_user (role_id, user_id, project) VALUES (3, 1, 'default'), (3, 2, 'default');`)
	return encoded
}

func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must.Do(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		must.Do(t, err)
	}
}
