package leaks

import "crypto/ecdsa"

// Settings configure the routes. The zero value turns both off.
type Settings struct {
	// GitHubKeysURL is the address from which the keys of GitHub's signatures are fetched, or empty.
	GitHubKeysURL string
	// GitHubKeys are pinned keys of GitHub's signatures by identifier, instead of GitHubKeysURL.
	GitHubKeys map[string]*ecdsa.PublicKey
	// GitLabTokenHash is SHA-256 of the token that GitLab presents, or nil.
	GitLabTokenHash []byte
}
