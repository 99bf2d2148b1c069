package leaks

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"pats/pkg/leaks/p256"
	"pats/pkg/pat"
)

const (
	// fetchInterval is the least time between two fetches of the keys, whether they succeed or not.
	fetchInterval = 5 * time.Minute
	fetchTimeout  = 3 * time.Second
	// maxKeys is the size of the largest list of keys, in bytes. GitHub's has about 1 KB.
	maxKeys = 64 << 10
)

// keyring has the keys of GitHub's signatures. It is safe for concurrent use.
type keyring struct {
	// url is empty if the keys are pinned.
	url    string
	client *http.Client
	now    func() time.Time
	// turn is held by the request that uses the fields below.
	turn chan struct{}
	keys map[string]*ecdsa.PublicKey
	// tried is when the last fetch began, or zero.
	tried time.Time
}

func newKeyring(settings Settings, env pat.Env, transport http.RoundTripper) *keyring {
	return &keyring{
		url:  settings.GitHubKeysURL,
		keys: settings.GitHubKeys,
		client: &http.Client{
			Transport:     transport,
			Timeout:       fetchTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the configured address decides
		},
		now:  env.Now,
		turn: make(chan struct{}, 1),
	}
}

// find returns the key with id, after a fetch if the last one is fetchInterval ago. If that fails, the keys of the last one count.
// Errors: a 403 if there is no such key; a 503 if that is not certain, because the list was not fetched for this request.
func (k *keyring) find(ctx context.Context, log *slog.Logger, id string) (*ecdsa.PublicKey, error) {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, pat.Unavailable(ctx.Err())
	}
	defer func() { <-k.turn }()
	certain := k.url == ""
	var err error
	if !certain && k.now().Sub(k.tried) >= fetchInterval {
		if err = k.fetch(ctx); err != nil {
			log.WarnContext(ctx, "fetching GitHub's keys failed", "error", err)
		}
		certain = err == nil
	}
	key, found := k.keys[id]
	switch {
	case found:
		return key, nil
	case certain:
		return nil, unsigned("The signature's key is unknown.")
	}
	return nil, later("The signature's key is not known yet. Send the report again.", k.tried.Add(fetchInterval).Sub(k.now()), err)
}

// fetch replaces the keys. A client that disconnects does not stop it, since others wait for it.
func (k *keyring) fetch(ctx context.Context) error {
	k.tried = k.now()
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, k.url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "pats")
	resp, err := k.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("got status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeys+1))
	switch {
	case err != nil:
		return err
	case len(body) > maxKeys:
		return fmt.Errorf("the list is larger than %d bytes", maxKeys)
	}
	keys, err := parseKeys(body)
	if err == nil {
		k.keys = keys
	}
	return err
}

// parseKeys returns the keys on P-256 in a list as GitHub publishes it. Errors: there are none.
func parseKeys(list []byte) (map[string]*ecdsa.PublicKey, error) {
	var published struct {
		Keys []struct {
			ID  string `json:"key_identifier"`
			Key string `json:"key"`
		} `json:"public_keys"`
	}
	if err := json.Unmarshal(list, &published); err != nil {
		return nil, errors.New("the list is not JSON in the form of GitHub's")
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, one := range published.Keys {
		if block, _ := pem.Decode([]byte(one.Key)); block != nil {
			if key, err := p256.ParseKey(block.Bytes); err == nil {
				keys[one.ID] = key
			}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the list contains no key on P-256")
	}
	return keys, nil
}
