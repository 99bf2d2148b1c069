package dynamostore_test

import (
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestCapacity checks the units of each request, as DynamoDB reports them, for an account of ten used tokens. Transactions are left
// out, since DynamoDB Local does not report their units as AWS does.
func TestCapacity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		profile     pat.Profile
		description string
		read        float64
		write       float64
	}{
		{"130 ASCII characters", pattest.Profile("ann", pat.Admin), strings.Repeat("x", 130), 1, 3},
		{"255 ASCII characters", pattest.Profile("ann", pat.Admin), strings.Repeat("x", 255), 2, 4},
		{"255 emoji", pattest.Profile("ann", pat.Admin), strings.Repeat("😀", 255), 3, 12},
		{"255 emoji, in the profile too", emojiProfile(), strings.Repeat("😀", 255), 4, 15},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			account := pattest.Account(t, f.store, test.profile)
			secrets := f.fill(t, account.ID, test.description)
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
			if _, err := f.service.Tokens(t.Context(), pat.Identity{User: account.ID, Selector: secrets[0].Selector()}); err != nil {
				t.Fatal(err)
			}
			equal(t, "read units of the list", f.probe.used(query), test.read)
		})
	}
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

func emojiProfile() pat.Profile {
	long := strings.Repeat("😀", pat.MaxTextLen)
	return pat.Profile{Username: long, Name: long, Email: long, Role: pat.Admin}
}
