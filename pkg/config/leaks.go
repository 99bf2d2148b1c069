package config

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"pats/pkg/leaks/p256"
)

const (
	githubKeys      = "GITHUB_KEYS"
	gitlabTokenHash = "GITLAB_TOKEN_HASH" //nolint:gosec // a name, no credential
)

// Leaks holds the settings of leak reports. Its fields are those of leaks.Settings. By default both partners are off.
type Leaks struct {
	// GitHubKeysURL is the address from which the keys of GitHub's signatures are fetched, or empty.
	GitHubKeysURL string
	// GitHubKeys are pinned keys of GitHub's signatures by identifier, instead of GitHubKeysURL.
	GitHubKeys map[string]*ecdsa.PublicKey
	// GitLabTokenHash is SHA-256 of the token that GitLab presents, or nil.
	GitLabTokenHash []byte
}

func loadLeaks(variables Variables) (Leaks, error) {
	address, keys, keysErr := keysOf(variables(githubKeys))
	hash, hashErr := hex.DecodeString(variables(gitlabTokenHash))
	leaks := Leaks{GitHubKeysURL: address, GitHubKeys: keys}
	switch {
	case hashErr != nil || (len(hash) != 0 && len(hash) != sha256.Size):
		hashErr = invalid(gitlabTokenHash, "64 hex digits or empty")
	case len(hash) > 0:
		leaks.GitLabTokenHash = hash
	}
	return leaks, errors.Join(keysErr, hashErr)
}

// keysOf returns the address, or the pinned keys, of the variable GITHUB_KEYS.
func keysOf(text string) (address string, keys map[string]*ecdsa.PublicKey, err error) {
	err = invalid(githubKeys, "an https address, ID:KEY pairs with commas between them, each KEY on P-256 and in base64, or empty")
	if text == "" {
		return "", nil, nil
	}
	if strings.HasPrefix(text, "https://") {
		if parsed, parseErr := url.Parse(text); parseErr != nil || parsed.Hostname() == "" || parsed.User != nil {
			return "", nil, err
		}
		return text, nil, nil
	}
	keys = map[string]*ecdsa.PublicKey{}
	for pair := range strings.SplitSeq(text, ",") {
		id, encoded, _ := strings.Cut(strings.TrimSpace(pair), ":")
		der, decodeErr := base64.StdEncoding.DecodeString(encoded)
		key, keyErr := p256.ParseKey(der)
		if id == "" || keys[id] != nil || decodeErr != nil || keyErr != nil {
			return "", nil, err
		}
		keys[id] = key
	}
	return "", keys, nil
}
