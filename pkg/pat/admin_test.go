package pat_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func newAdminSecret(t *testing.T) pat.AdminSecret {
	t.Helper()
	secret, err := pat.NewAdminSecret(pattest.NewRandom())
	if err != nil {
		t.Fatalf("NewAdminSecret: %v", err)
	}
	return secret
}

func newAdminKey(t *testing.T, secret pat.AdminSecret) pat.AdminKey {
	t.Helper()
	key, err := pat.ParseAdminKey(secret.Hash())
	if err != nil {
		t.Fatalf("ParseAdminKey: %v", err)
	}
	return key
}

func TestAdminSecretHasTheForm(t *testing.T) {
	t.Parallel()
	secret := newAdminSecret(t)
	random, found := strings.CutPrefix(secret.Reveal(), "*:*.")
	if !found || len(random) != 43 || strings.Trim(random, base64URL) != "" {
		t.Error("the admin token does not have the form *:*.<43>")
	}
	sum := sha256.Sum256([]byte(secret.Reveal()))
	if got, want := secret.Hash(), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("got hash %s, want %s", got, want)
	}
}

func TestAdminKeyMatchesItsTokenOnly(t *testing.T) {
	t.Parallel()
	secret := newAdminSecret(t)
	upper, err := pat.ParseAdminKey(strings.ToUpper(secret.Hash()))
	if err != nil {
		t.Fatalf("ParseAdminKey in upper case: %v", err)
	}
	ofHash := func(token string) pat.AdminKey {
		sum := sha256.Sum256([]byte(token))
		key, err := pat.ParseAdminKey(hex.EncodeToString(sum[:]))
		if err != nil {
			t.Fatalf("ParseAdminKey: %v", err)
		}
		return key
	}
	const known = "*:*.unleash-insecure-admin-api-token"
	for name, c := range map[string]struct {
		key   pat.AdminKey
		token string
		want  bool
	}{
		"chosen by hand":      {ofHash("*:*.a"), "*:*.a", false},
		"known from Unleash":  {ofHash(known), known, false},
		"42 characters":       {ofHash("*:*." + strings.Repeat("x", 42)), "*:*." + strings.Repeat("x", 42), false},
		"43 characters":       {ofHash("*:*." + strings.Repeat("x", 43)), "*:*." + strings.Repeat("x", 43), true},
		"hash of nothing":     {ofHash(""), "", false},
		"its own token":       {newAdminKey(t, secret), secret.Reveal(), true},
		"hash in upper case":  {upper, secret.Reveal(), true},
		"newline at the end":  {newAdminKey(t, secret), secret.Reveal() + "\n", false},
		"cut off":             {newAdminKey(t, secret), secret.Reveal()[:46], false},
		"in lower case":       {newAdminKey(t, secret), strings.ToLower(secret.Reveal()), false},
		"its hash":            {newAdminKey(t, secret), secret.Hash(), false},
		"empty":               {newAdminKey(t, secret), "", false},
		"no key":              {pat.AdminKey{}, secret.Reveal(), false},
		"no key and no token": {pat.AdminKey{}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.key.Matches(c.token); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestParseAdminKeyRefuses(t *testing.T) {
	t.Parallel()
	hash := newAdminSecret(t).Hash()
	for name, text := range map[string]string{
		"too short": hash[:62], "too long": hash + "00", "odd": hash[:63], "no hex": "x" + hash[1:], "space": " " + hash, "the token": newAdminSecret(t).Reveal(),
	} {
		if _, err := pat.ParseAdminKey(text); err == nil {
			t.Errorf("%s: got no error, want one", name)
		} else if strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error quotes the text", name)
		}
	}
	if key, err := pat.ParseAdminKey(""); err != nil || key != (pat.AdminKey{}) {
		t.Errorf("empty: got %v, want the key that recognizes no token", err)
	}
}

func TestAdminKeyAdmitsItsOwnPrincipalOnly(t *testing.T) {
	t.Parallel()
	key, none := newAdminKey(t, newAdminSecret(t)), pat.AdminKey{}
	random := pattest.NewRandom()
	_, _ = pat.NewAdminSecret(random)
	replaced, err := pat.NewAdminSecret(random)
	if err != nil {
		t.Fatalf("NewAdminSecret: %v", err)
	}
	user := pat.Principal{Kind: pat.HolderUser}
	bare, err := pat.ParseClaims(map[string]any{"kind": "admin"})
	if err != nil {
		t.Fatalf("ParseClaims: %v", err)
	}
	for name, c := range map[string]struct {
		key       pat.AdminKey
		principal pat.Principal
		want      bool
	}{
		"its own holder":           {key, key.Principal(), true},
		"of a replaced token":      {key, newAdminKey(t, replaced).Principal(), false},
		"of no key":                {key, none.Principal(), false},
		"without fingerprint":      {key, bare, false},
		"a user":                   {key, user, false},
		"no key, its own":          {none, none.Principal(), false},
		"no key, no fingerprint":   {none, bare, false},
		"no key, another's holder": {none, key.Principal(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.key.Admits(c.principal); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestFingerprintIsNotTheHash(t *testing.T) {
	t.Parallel()
	secret := newAdminSecret(t)
	for name, value := range newAdminKey(t, secret).Principal().Claims() {
		if strings.Contains(secret.Hash(), value) || strings.Contains(secret.Reveal(), value) {
			t.Errorf("claim %s contains the hash or the token", name)
		}
	}
}
