package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"pats/pkg/config"
)

func newKey(t *testing.T, curve elliptic.Curve) (*ecdsa.PublicKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey, base64.StdEncoding.EncodeToString(der)
}

func TestGitHubKeys(t *testing.T) {
	t.Parallel()
	one, encodedOne := newKey(t, elliptic.P256())
	two, encodedTwo := newKey(t, elliptic.P256())
	for name, c := range map[string]struct {
		text, address string
		keys          map[string]*ecdsa.PublicKey
	}{
		"none":       {"", "", nil},
		"an address": {"https://api.github.com/meta/public_keys/secret_scanning", "https://api.github.com/meta/public_keys/secret_scanning", nil},
		"a port":     {"https://127.0.0.1:8443/keys", "https://127.0.0.1:8443/keys", nil},
		"a key":      {"a:" + encodedOne, "", map[string]*ecdsa.PublicKey{"a": one}},
		"two keys":   {"a:" + encodedOne + ", b:" + encodedTwo, "", map[string]*ecdsa.PublicKey{"a": one, "b": two}},
	} {
		got, err := config.Load(lookup(map[string]string{"GITHUB_KEYS": c.text}))
		if err != nil || got.Leaks.GitHubKeysURL != c.address || len(got.Leaks.GitHubKeys) != len(c.keys) {
			t.Errorf("%s: got %+v and error %v, want %q and %d keys", name, got.Leaks, err, c.address, len(c.keys))
		}
		for id, key := range c.keys {
			if !key.Equal(got.Leaks.GitHubKeys[id]) {
				t.Errorf("%s: key %s differs", name, id)
			}
		}
	}
}

func TestInvalidGitHubKeys(t *testing.T) {
	t.Parallel()
	_, key := newKey(t, elliptic.P256())
	_, p384 := newKey(t, elliptic.P384())
	for name, text := range map[string]string{
		"http":                "http://api.github.com/meta/public_keys/secret_scanning",
		"no host":             "https:///keys",
		"a user":              "https://ann:secret@keys.example/",
		"a broken address":    "https://keys.example/%",
		"a line break":        "https://keys.example/\n",
		"no identifier":       ":" + key,
		"a key alone":         key,
		"an identifier alone": "a:",
		"two of one name":     "a:" + key + ",a:" + key,
		"a comma at the end":  "a:" + key + ",",
		"a key on P-384":      "a:" + p384,
		"a truncated key":     "a:" + key[:len(key)-4],
		"a key in base64url":  "a:" + strings.ReplaceAll(key, "+", "-") + "-",
		"a key in PEM":        "a:-----BEGIN PUBLIC KEY-----",
	} {
		_, err := config.Load(lookup(map[string]string{"GITHUB_KEYS": text}))
		if err == nil || !strings.HasPrefix(err.Error(), "GITHUB_KEYS must be an https address, ID:KEY pairs") || strings.Contains(err.Error(), text) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestGitLabTokenHash(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, hash: 32, strings.ToUpper(hash): 32, hash[1:]: -1, hash[2:]: -1, "a shared token": -1, hash + "\n": -1} {
		got, err := config.Load(lookup(map[string]string{"GITLAB_TOKEN_HASH": text}))
		if want < 0 {
			if err == nil || err.Error() != "GITLAB_TOKEN_HASH must be 64 hex digits or empty" {
				t.Errorf("%q: got error %v", text, err)
			}
		} else if err != nil || len(got.Leaks.GitLabTokenHash) != want {
			t.Errorf("%q: got %d bytes and error %v, want %d", text, len(got.Leaks.GitLabTokenHash), err, want)
		}
	}
}
