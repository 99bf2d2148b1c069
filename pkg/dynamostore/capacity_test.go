package dynamostore_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestCapacity checks the units of each request, as DynamoDB reports them, for an account of ten used tokens. Those with
// scopes have IDs of seven digits, makers and ten ancestors. Transactions are left out, since DynamoDB Local does not report their units
// as AWS does.
func TestCapacity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		profile     pat.Profile
		description string
		scopes      pat.Scopes
		read        float64
		write       float64
	}{
		{"130 ASCII characters", pattest.Profile("ann", pat.Admin), strings.Repeat("x", 130), pat.Unscoped(), 1, 3},
		{"255 ASCII characters", pattest.Profile("ann", pat.Admin), strings.Repeat("x", 255), pat.Unscoped(), 2, 4},
		{"255 emoji", pattest.Profile("ann", pat.Admin), strings.Repeat("😀", 255), pat.Unscoped(), 3, 12},
		{"255 emoji, in the profile too", emojiProfile(), strings.Repeat("😀", 255), pat.Unscoped(), 4, 15},
		{"60 ASCII characters and three scopes of 12", pattest.Profile("ann", pat.Admin), strings.Repeat("x", 60), longScopes(t, 3, 12), 1, 4},
		{"255 emoji, in the profile too, and 20 scopes of 64", emojiProfile(), strings.Repeat("😀", 255), longScopes(t, 20, 64), 8, 29},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			next := pat.TokenID(1)
			if !test.scopes.Unscoped() { // the longest that is likely
				next = 1_000_000
			}
			account := f.account(t, test.profile, next)
			secrets := f.fill(t, account.ID, test.description)
			if !test.scopes.Unscoped() {
				f.narrow(t, account.ID, test.scopes)
			}
			equal(t, "write units of the tenth token", f.probe.used(put), test.write)

			for i, secret := range secrets {
				f.probe.forget()
				if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
					t.Fatalf("token %d: %v", i+1, err)
				}
				equal(t, "read units of a token's use", f.probe.used(query), test.read)
				equal(t, "write units of a token's first use", f.probe.used(update), 1)
			}
			f.probe.forget()
			if _, err := f.service.Admit(t.Context(), pat.Identity{User: account.ID, Selector: secrets[0].Selector()}); err != nil {
				t.Fatal(err)
			}
			equal(t, "read units of a request", f.probe.used(query), test.read)
		})
	}
}

// TestCapacityOfHigherLimits checks the units of a check and of a change where users may have more tokens than ten, with descriptions of
// 60 characters: unscoped, or rotated with three scopes of 12, which is the most that is likely.
func TestCapacityOfHigherLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tokens      int
		rotated     bool
		read, write float64
	}{{10, false, 1, 3}, {10, true, 1, 4}, {20, false, 2, 5}, {50, false, 3, 10}, {100, false, 5, 20}, {100, true, 10, 38}} {
		t.Run(fmt.Sprint(c.tokens, ", rotated: ", c.rotated), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			before := f.account(t, pattest.Profile("ann", pat.Admin), 1)
			after, secret := before, pat.Secret{}
			for range c.tokens {
				secret = f.add(t, &after, c.rotated)
			}
			f.probe.forget()
			if err := f.store.ReplaceAccount(t.Context(), before, after); err != nil {
				t.Fatal(err)
			}
			equal(t, "write units of a change", f.probe.used(put), c.write)
			f.probe.forget()
			if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
				t.Fatal(err)
			}
			equal(t, "read units of a check", f.probe.used(query), c.read)
		})
	}
}

// add adds a token to account, with three scopes of 12 and a replaced secret if it is rotated.
func (f *fixture) add(t *testing.T, account *pat.Account, rotated bool) pat.Secret {
	t.Helper()
	secret, err := pat.NewSecret(rand.Reader, account.ID)
	if err != nil {
		t.Fatal(err)
	}
	token := pat.Token{
		ID: account.NextTokenID, Description: fmt.Sprintf("%060d", account.NextTokenID), Scopes: pat.Unscoped(),
		Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
	}
	if rotated {
		token.Scopes, token.RotatedAt = longScopes(t, 3, 12), pattest.Start
		token.Replaced = pat.Replaced{
			Selector: selector, Verifier: verifier, IssuedAt: token.CreatedAt, ExpiresAt: token.ExpiresAt, Until: pattest.Start.Add(pat.DefaultOverlap),
		}
	}
	account.Tokens = append(account.Tokens, token)
	account.NextTokenID++
	return secret
}

// fill creates ten tokens whose descriptions are as long as description, and leaves only the tenth in the probe.
func (f *fixture) fill(t *testing.T, user pat.UserID, description string) []pat.Secret {
	t.Helper()
	var secrets []pat.Secret
	for i := range pat.MaxTokens {
		f.probe.forget()
		distinct := string(rune('0'+i)) + strings.TrimPrefix(description, string([]rune(description)[:1]))
		_, secret, err := f.service.CreateUserToken(t.Context(), user, pattest.Draft(distinct))
		if err != nil {
			t.Fatalf("token %d: %v", i+1, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets
}

// account creates a user whose IDs begin with next.
func (f *fixture) account(t *testing.T, profile pat.Profile, next pat.TokenID) pat.Account {
	t.Helper()
	if err := f.store.ReserveUserIDs(t.Context(), pat.UserID(next)-1); err != nil {
		t.Fatal(err)
	}
	account, err := f.store.CreateAccount(t.Context(), pat.Account{Profile: profile, CreatedAt: pattest.Start, NextTokenID: next})
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// narrow writes the user's tokens with scopes, a maker and ten ancestors each, and leaves only that write in the probe.
func (f *fixture) narrow(t *testing.T, user pat.UserID, scopes pat.Scopes) {
	t.Helper()
	before := pattest.Read(t, f.store, user)
	after := before
	after.Tokens = slices.Clone(before.Tokens)
	for i := range after.Tokens {
		token := &after.Tokens[i]
		token.Scopes, token.Maker, token.Ancestors = scopes, pat.Maker{User: user, Token: token.ID - 1}, nil
		for n := range pat.TokenID(10) {
			token.Ancestors = append(token.Ancestors, token.ID-1-n)
		}
	}
	f.probe.forget()
	if err := f.store.ReplaceAccount(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
}

// longScopes returns n scopes of a length.
func longScopes(t *testing.T, n, length int) pat.Scopes {
	t.Helper()
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%02d%s", i, strings.Repeat("x", length-2)))
	}
	return pattest.Scopes(t, names...)
}

func emojiProfile() pat.Profile {
	long := strings.Repeat("😀", pat.MaxTextLen)
	return pat.Profile{Username: long, Name: long, Email: long, Role: pat.Admin}
}
