package unleashimport_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"pats/infra/testkit/must"
)

// refusedUsers must not be imported. values are SQL for username, email, created_at, deleted_at, is_service and is_system.
var refusedUsers = []struct {
	values string
	role   int // 0 for none
	reason string
}{
	{`'service', null, now(), now(), true, false`, 1, "deleted in Unleash"},
	{`'service-role', null, now(), null, true, false`, 7, `"Release manager" is a custom role`},
	{`'system', null, now(), null, false, true`, 1, "system user"},
	{`null, null, now(), now(), false, false`, 1, "deleted in Unleash"},
	{`'no-role', null, now(), null, false, false`, 0, "no root role"},
	{`'project-role', null, now(), null, false, false`, 4, "no root role"},
	{`'custom-role', null, now(), null, false, false`, 7, `"Release manager" is a custom role`},
	{`'custom-admin', null, now(), null, false, false`, 8, `"Admin" is a custom role`},
	{`'bad-email', 'not an address', now(), null, false, false`, 3, "email address is not valid"},
	{`'literal', 'a@[127.0.0.1]', now(), null, false, false`, 3, "email address is not valid"},
	{`E'control\u0007', null, now(), null, false, false`, 3, "control characters"},
	{`E'user1\u200B', null, now(), null, false, false`, 3, "invisible characters"},
	{`'us' || U&'\0435' || 'r1', null, now(), null, false, false`, 3, "Cyrillic"},
	{`' user1', null, now(), null, false, false`, 3, "has the username or the email"},
	{`'infinite', null, 'infinity', null, false, false`, 3, "date of creation is not between"},
	{`'minus-infinite', null, '-infinity', null, false, false`, 3, "date of creation is not between"},
	{`'before-christ', null, '0044-03-15 BC', null, false, false`, 3, "date of creation is not between"},
	{`'far', null, '10000-01-01', null, false, false`, 3, "date of creation is not between"},
	{`'future', null, now() + interval '1 year', null, false, false`, 3, "date of creation is in the future"},
}

// addRefusedUsers adds refusedUsers, each with a token that must not work.
func (s *source) addRefusedUsers(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	s.exec(t, conn, `INSERT INTO roles (id, name, type) VALUES (7, 'Release manager', 'root-custom'), (8, 'Admin', 'root-custom')`)
	for _, user := range refusedUsers {
		s.last++
		s.exec(t, conn, fmt.Sprintf(`INSERT INTO users (id, username, email, created_at, deleted_at, is_service, is_system) VALUES (%d, %s)`, s.last, user.values))
		if user.role != 0 {
			s.exec(t, conn, fmt.Sprintf(`INSERT INTO role_user (role_id, user_id, project) VALUES (%d, %d, 'default')`, user.role, s.last))
		}
		s.exec(t, conn, fmt.Sprintf(`INSERT INTO personal_access_tokens (id, secret, description, user_id, expires_at)
			VALUES (%d, 'user:%s', 'refused', %d, now() + interval '1 hour')`, 1_000_000+int(s.last), hex.EncodeToString(s.bytes(28)), s.last))
		s.refused[fmt.Sprintf("user %d", s.last)] = user.reason
	}
}

// refusedTokens must not be imported. values are SQL for description, created_at, expires_at and seen_at.
var refusedTokens = []struct{ values, reason string }{
	{`E'a line\nbreak', now(), now() + interval '1 hour', null`, "control characters"},
	{`E'right to left \u202E', now(), now() + interval '1 hour', null`, "invisible characters"},
	{`' ', now(), now() + interval '1 hour', null`, "cannot be empty"},
	{`null, now(), now() + interval '1 hour', null`, "cannot be empty"},
	{`'endless', now(), 'infinity', null`, "expiry date is not between"},
	{`'never', now(), '-infinity', null`, "expiry date is not between"},
	{`'no expiry', now(), null, null`, "expiry date is missing"},
	{`'expired long ago', now() - interval '1 year', now() - interval '31 days', null`, "longer ago than expired tokens are kept"},
	{`'expired first', now(), now() - interval '1 hour', null`, "before the date of creation"},
	{`'created at infinity', 'infinity', now() + interval '1 hour', null`, "date of creation is not between"},
	{`'created before Christ', '0044-03-15 BC', now() + interval '1 hour', null`, "date of creation is not between"},
	{`'seen at infinity', now(), now() + interval '1 hour', 'infinity'`, "last use is not between"},
	{`'seen in the future', now(), now() + interval '2 years', now() + interval '1 year'`, "last use is in the future"},
}

// refusedCredentials must not be imported either. They are SQL for secret, selector and verifier.
var refusedCredentials = []struct{ values, reason string }{
	{`'user:short', null, null`, "selector does not have the form"},
	{`'user:v2_' || repeat('A', 22), null, null`, "selector does not have the form"},
	{`null, 'selector', repeat('A', 43)`, "selector does not have the form"},
	{`null, repeat('B', 21) || 'A', 'verifier'`, "verifier does not have the form"},
}

// addRefusedTokens adds refusedTokens and refusedCredentials, and a token with the secret of another one, to the user with many
// tokens.
func (s *source) addRefusedTokens(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	s.exec(t, conn, `ALTER TABLE personal_access_tokens ALTER expires_at DROP NOT NULL`)
	id := 2_000_000
	add := func(credential, values, reason string) {
		id++
		s.exec(t, conn, fmt.Sprintf(`INSERT INTO personal_access_tokens (id, user_id, secret, selector, verifier, description, created_at, expires_at, seen_at)
			VALUES (%d, %d, %s, %s)`, id, s.many, credential, values))
		s.refused[fmt.Sprintf("user %d, token %d", s.many, id)] = reason
	}
	for _, token := range refusedTokens {
		add(fmt.Sprintf(`'user:%s', null, null`, hex.EncodeToString(s.bytes(28))), token.values, token.reason)
	}
	const good = `'refused', now(), now() + interval '1 hour', null`
	for _, credential := range refusedCredentials {
		add(credential.values, good, credential.reason)
	}
	add(fmt.Sprintf(`'%s', null, null`, s.holders[0].text), good, "Another token here has this selector")
}

func (s *source) exec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%v in %s", err, statement)
	}
}

// addLargeUser adds a user with 3,000 tokens, who takes more space than an item of DynamoDB has.
func (s *source) addLargeUser(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must.Do(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	s.last++
	s.exec(t, conn, fmt.Sprintf(`INSERT INTO users (id, username) VALUES (%d, 'large')`, s.last))
	s.exec(t, conn, fmt.Sprintf(`INSERT INTO role_user (role_id, user_id, project) VALUES (3, %d, 'default')`, s.last))
	s.exec(t, conn, fmt.Sprintf(`INSERT INTO personal_access_tokens (id, secret, description, user_id, expires_at)
		SELECT 3000000 + n, 'user:' || lpad(to_hex(n), 56, '0'), 'token ' || n, %d, now() + interval '1 hour' FROM generate_series(1, 3000) n`, s.last))
	s.refused[fmt.Sprintf("user %d", s.last)] = "more space than the store has"
}
