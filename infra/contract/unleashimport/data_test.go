package import_test

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

	"pats/pkg/pat"
)

// tokensEach is how many tokens a user has.
const tokensEach = 5

// manyTokens is how many tokens one user has beyond the limit, in whole.
const manyTokens = 14

// holder is a token as its holder has it.
type holder struct {
	user    pat.UserID
	id      pat.TokenID
	text    string
	expired bool
}

// world is what stands in Unleash's database, and what has to come of it.
type world struct {
	holders []holder
	// accounts are those that have to be in the store afterwards, by ID.
	accounts map[pat.UserID]pat.Account
	// refused are those that must not be, by user or by token.
	refused []string
	tokens  int
	many    pat.UserID
	last    pat.UserID

	random *rand.ChaCha8
	now    time.Time
	users  [][]any
	roles  [][]any
	rows   [][]any
}

// newWorld makes users with tokensEach tokens each and then those that are something special.
func newWorld(users int) *world {
	seed := [32]byte([]byte("the same users for each such run"))
	w := &world{accounts: map[pat.UserID]pat.Account{}, random: rand.NewChaCha8(seed), now: time.Now().UTC().Truncate(time.Millisecond)}
	for i := range users {
		w.addUser(pat.UserID(3*i+1), roleOf(i))
	}
	w.many = w.addUser(pat.UserID(3*users+1), pat.Viewer)
	for n := range users * tokensEach {
		w.addToken(pat.UserID(3*w.owner(n, users)+1), pat.TokenID(n+1))
	}
	for n := range manyTokens {
		w.addToken(w.many, pat.TokenID(users*tokensEach+n+1))
	}
	w.last = w.many
	w.addOddities()
	return w
}

// roleOf makes one user in fifty an Admin, all of whom stand in one counter.
func roleOf(i int) pat.Role {
	if i%50 == 0 {
		return pat.Admin
	}
	return pat.Role(int(pat.Editor) + i%2)
}

// owner deals tokens out in the order in which users come by chance, so that a user's ids lie apart.
func (w *world) owner(n, users int) int {
	return (n*7919 + n/users) % users
}

func (w *world) addUser(id pat.UserID, role pat.Role) pat.UserID {
	profile := pat.Profile{Username: fmt.Sprintf("user%d", id), Name: "Zoë Ünal", Role: role}
	if id%2 == 0 {
		profile.Email = fmt.Sprintf("user%d@example.org", id)
	}
	created := w.now.Add(-time.Duration(id) * time.Minute)
	w.users = append(w.users, []any{int64(id), profile.Username, profile.Name, orNull(profile.Email), created, nil, false, false})
	w.roles = append(w.roles, []any{int(role), int64(id), "default"})
	w.accounts[id] = pat.Account{ID: id, Profile: profile, CreatedAt: created, NextTokenID: 1, Version: 1}
	return id
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// addToken makes a token of either form. One in sixteen has expired.
func (w *world) addToken(user pat.UserID, id pat.TokenID) {
	h := holder{user: user, id: id, expired: id%16 == 0}
	created, expires := w.now.Add(-48*time.Hour), w.now.Add(90*24*time.Hour)
	if h.expired {
		expires = w.now.Add(-time.Hour)
	}
	token := pat.Token{ID: id, Description: fmt.Sprintf("token %d", id), CreatedAt: created, ExpiresAt: expires}
	var seen any
	if id%5 == 0 {
		token.SeenAt = w.now.Add(-24 * time.Hour)
		seen = token.SeenAt
	}
	var row []any
	if id%3 == 0 {
		selector := w.base64(16)
		h.text = "user:v2_" + selector + "_" + w.base64(32)
		token.Selector, token.Verifier = pat.Selector(selector), pat.Verifier(hash(h.text))
		row = []any{nil, selector, hash(h.text)}
	} else {
		h.text = "user:" + hex.EncodeToString(w.bytes(28))
		token.Selector, token.Verifier = pat.Selector(hash(h.text)), pat.Verifier(hash(h.text))
		row = []any{h.text, nil, nil}
	}
	w.rows = append(w.rows, append(row, token.Description, int64(user), expires, seen, created, int64(id)))
	w.holders = append(w.holders, h)
	w.tokens++
	account := w.accounts[user]
	account.Tokens = append(account.Tokens, token)
	slices.SortFunc(account.Tokens, func(a, b pat.Token) int { return int(a.ID - b.ID) })
	account.NextTokenID = account.Tokens[len(account.Tokens)-1].ID + 1
	w.accounts[user] = account
}

func (w *world) bytes(n int) []byte {
	raw := make([]byte, n)
	_, _ = w.random.Read(raw) // it never fails
	return raw
}

func (w *world) base64(n int) string { return base64.RawURLEncoding.EncodeToString(w.bytes(n)) }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// addOddities makes what must not be imported, each with a token that must not work.
func (w *world) addOddities() {
	for _, odd := range []struct {
		username, email any
		deleted         any
		service, system bool
		role            int
	}{
		{"service", nil, nil, true, false, 1},
		{"system", nil, nil, false, true, 1},
		{nil, nil, w.now, false, false, 1},
		{"no-role", nil, nil, false, false, 0},
		{"project-role", nil, nil, false, false, 4},
		{"custom-role", nil, nil, false, false, 7},
		{"bad-email", "not an address", nil, false, false, 3},
		{"control\u0007", nil, nil, false, false, 3},
	} {
		w.last++
		w.users = append(w.users, []any{int64(w.last), odd.username, "odd", odd.email, w.now, odd.deleted, odd.service, odd.system})
		if odd.role != 0 {
			w.roles = append(w.roles, []any{odd.role, int64(w.last), "default"})
		}
		w.rows = append(w.rows, []any{"user:" + hex.EncodeToString(w.bytes(28)), nil, nil, "odd", int64(w.last), w.now.Add(time.Hour), nil, w.now, int64(1e6) + int64(w.last)})
		w.refused = append(w.refused, fmt.Sprintf("user %d", w.last))
	}
	for n, row := range [][]any{
		{"user:short", nil, nil, "a malformed secret"},
		{nil, "selector", hash("x"), "a malformed selector"},
		{nil, w.base64(16), "verifier", "a malformed verifier"},
		{"user:" + hex.EncodeToString(w.bytes(28)), nil, nil, "a line\nbreak"},
	} {
		id := 2_000_000 + n
		w.rows = append(w.rows, append(row, int64(w.many), w.now.Add(time.Hour), nil, w.now, int64(id)))
		w.refused = append(w.refused, fmt.Sprintf("user %d, token %d", w.many, id))
	}
}

// fill makes Unleash's tables with the world in them.
func (w *world) fill(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), tables+"INSERT INTO roles (id, name, type) VALUES (7, 'Release manager', 'root-custom');"); err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"users", []string{"id", "username", "name", "email", "created_at", "deleted_at", "is_service", "is_system"}, w.users},
		{"role_user", []string{"role_id", "user_id", "project"}, w.roles},
		{"personal_access_tokens", []string{"secret", "selector", "verifier", "description", "user_id", "expires_at", "seen_at", "created_at", "id"}, w.rows},
	} {
		if _, err := conn.CopyFrom(t.Context(), pgx.Identifier{part.table}, part.columns, pgx.CopyFromRows(part.rows)); err != nil {
			t.Fatalf("filling %s: %v", part.table, err)
		}
	}
}
