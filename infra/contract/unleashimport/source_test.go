package unleashimport_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

const (
	// tokensEach is the number of tokens of a user.
	tokensEach = 5
	// manyTokens is the number of tokens of the one user with more than pat.MaxTokens.
	manyTokens = 14
)

// holder is a token as its holder has it.
type holder struct {
	user    pat.UserID
	id      pat.TokenID
	text    string
	expired bool
}

// source is the content of an Unleash database, and what an import must make of it.
type source struct {
	// accounts are the users who must be imported, by ID, and tokens is the number of their tokens.
	accounts map[pat.UserID]pat.Account
	tokens   int
	holders  []holder
	// many is the user with manyTokens, and last the highest ID.
	many, last pat.UserID
	// refused has a part of the reason for each user or token that must not be imported, as in "user 7, token 3".
	refused map[string]string

	random *rand.ChaCha8
	now    time.Time
	users  [][]any
	roles  [][]any
	rows   [][]any
}

// newSource makes up users with tokensEach tokens each, and one with manyTokens. Each run gets the same users.
func newSource(users int) *source {
	seed := [32]byte([]byte("the same users for each such run"))
	s := &source{
		accounts: map[pat.UserID]pat.Account{}, refused: map[string]string{},
		random: rand.NewChaCha8(seed), now: time.Now().UTC().Truncate(time.Millisecond),
	}
	for i := range users {
		s.addUser(pat.UserID(3*i+1), roleOf(i))
	}
	s.many = s.addUser(pat.UserID(3*users+1), pat.Viewer)
	s.last = s.many
	for n := range users * tokensEach {
		s.addToken(pat.UserID(3*ownerOf(n, users)+1), pat.TokenID(n+1))
	}
	for n := range manyTokens {
		s.addToken(s.many, pat.TokenID(users*tokensEach+n+1))
	}
	return s
}

// roleOf makes every fiftieth user an Admin: all Admins share one counter.
func roleOf(i int) pat.Role {
	if i%50 == 0 {
		return pat.Admin
	}
	return pat.Role(int(pat.Editor) + i%2)
}

// ownerOf returns the index of the nth token's user. It spreads the tokens so that no user has consecutive token ids.
func ownerOf(n, users int) int { return (n*7919 + n/users) % users }

func (s *source) addUser(id pat.UserID, role pat.Role) pat.UserID {
	profile := pat.Profile{Username: fmt.Sprintf("user%d", id), Name: "Zoë Ünal", Role: role}
	if id%2 == 0 {
		profile.Email = fmt.Sprintf("user%d@example.org", id)
	}
	created := s.now.Add(-time.Duration(id) * time.Minute)
	of := typeOf(id)
	s.users = append(s.users, []any{int64(id), profile.Username, profile.Name, orNull(profile.Email), created, of == pat.ServiceAccount})
	s.roles = append(s.roles, []any{int(role), int64(id), "default"})
	s.accounts[id] = pat.Account{ID: id, Type: of, Profile: profile, CreatedAt: created, NextTokenID: 1, Version: 1}
	return id
}

// typeOf makes every seventh user a service account, among them Admins.
func typeOf(id pat.UserID) pat.AccountType {
	if id%7 == 1 {
		return pat.ServiceAccount
	}
	return pat.UserAccount
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// addToken adds a v1 or a v2 token. One in sixteen has expired.
func (s *source) addToken(user pat.UserID, id pat.TokenID) {
	h := holder{user: user, id: id, expired: id%16 == 0}
	token := pat.Token{ID: id, Description: fmt.Sprintf("token %d", id), Scopes: pat.Unscoped(), CreatedAt: s.now.Add(-48 * time.Hour), ExpiresAt: s.now.Add(90 * 24 * time.Hour)}
	if h.expired {
		token.ExpiresAt = s.now.Add(-time.Hour)
	}
	var seen any
	if id%5 == 0 {
		token.SeenAt = s.now.Add(-24 * time.Hour)
		seen = token.SeenAt
	}
	var credential []any
	if id%3 == 0 {
		selector := base64.RawURLEncoding.EncodeToString(s.bytes(16))
		h.text = "user:v2_" + selector + "_" + base64.RawURLEncoding.EncodeToString(s.bytes(32))
		token.Selector, token.Verifier = pat.Selector(selector), pat.Verifier(hash(h.text))
		credential = []any{nil, selector, hash(h.text)}
	} else {
		h.text = "user:" + hex.EncodeToString(s.bytes(28))
		token.Selector, token.Verifier = pat.Selector(hash(h.text)), pat.Verifier(hash(h.text))
		credential = []any{h.text, nil, nil}
	}
	s.rows = append(s.rows, append(credential, token.Description, int64(user), token.ExpiresAt, seen, token.CreatedAt, int64(id)))
	s.holders = append(s.holders, h)
	s.tokens++
	account := s.accounts[user]
	account.Tokens = append(account.Tokens, token)
	slices.SortFunc(account.Tokens, func(a, b pat.Token) int { return int(a.ID - b.ID) })
	account.NextTokenID = account.Tokens[len(account.Tokens)-1].ID + 1
	s.accounts[user] = account
}

func (s *source) bytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = s.random.Read(raw) // it never fails
	return raw
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// fill creates Unleash's tables with the content of s.
func (s *source) fill(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must.Do(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), tables)
	must.Do(t, err)
	for _, part := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"users", []string{"id", "username", "name", "email", "created_at", "is_service"}, s.users},
		{"role_user", []string{"role_id", "user_id", "project"}, s.roles},
		{"personal_access_tokens", []string{"secret", "selector", "verifier", "description", "user_id", "expires_at", "seen_at", "created_at", "id"}, s.rows},
	} {
		_, err := conn.CopyFrom(t.Context(), pgx.Identifier{part.table}, part.columns, pgx.CopyFromRows(part.rows))
		must.Do(t, err)
	}
	s.addRefusedUsers(t, conn)
	s.addRefusedTokens(t, conn)
}
