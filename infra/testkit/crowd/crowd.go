// Package crowd makes up users for benchmarks.
package crowd

import (
	"fmt"
	"io"
	"time"

	"pats/pkg/pat"
)

// Lifetime is how long the tokens work.
const Lifetime = 90 * 24 * time.Hour

// NewAccount returns an Editor created at now, with the given number of tokens, and the secrets of these. The same random produces the
// same secrets. Errors: random's.
func NewAccount(random io.Reader, id pat.UserID, tokens int, now time.Time) (pat.Account, []pat.Secret, error) {
	account := pat.Account{
		ID: id, Profile: NewProfile(id, pat.Editor), CreatedAt: now, NextTokenID: pat.TokenID(tokens + 1), Version: 1,
	}
	secrets := make([]pat.Secret, tokens)
	for i := range secrets {
		secret, err := pat.NewSecret(random, id)
		if err != nil {
			return pat.Account{}, nil, err
		}
		secrets[i] = secret
		account.Tokens = append(account.Tokens, pat.Token{
			ID: pat.TokenID(i + 1), Description: fmt.Sprintf("token %d", i+1),
			Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(), CreatedAt: now, ExpiresAt: now.Add(Lifetime),
		})
	}
	return account, secrets, nil
}

// NewProfile returns the profile of a user, with a username of 13 characters.
func NewProfile(id pat.UserID, role pat.Role) pat.Profile {
	name := fmt.Sprintf("user%09d", id)
	return pat.Profile{Username: name, Name: "Name of " + name, Email: name + "@example.org", Role: role}
}
