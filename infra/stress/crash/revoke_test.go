package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/partners"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// revoke revokes the token as its holder does, or as the admin does that of a service account.
func (h *holder) revoke(ctx context.Context, c *client, t *token) (bool, error) {
	return t.revoke(ctx, c, h.ownRevocation(t))
}

// revokeSomehow revokes the token in one of all ways.
func (h *holder) revokeSomehow(ctx context.Context, c *client, t *token, rng *rand.Rand) (bool, error) {
	ways, err := h.revocations(c.reporters, t)
	if err != nil {
		return false, err
	}
	return t.revoke(ctx, c, ways[rng.IntN(len(ways))])
}

// revocation is a request that revokes a token, and the status of its success.
type revocation struct {
	request apiclient.Request
	success int
}

func (t *token) revoke(ctx context.Context, c *client, way revocation) (bool, error) {
	t.remove = &op{}
	got, err := c.exchange(ctx, way.request)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	return true, record(t.remove, got, way.success, nil)
}

func (h *holder) ownRevocation(t *token) revocation {
	return revocation{apiclient.Request{Method: http.MethodDelete, Path: h.tokenPath(t.id), Token: h.own.Reveal()}, http.StatusOK}
}

// revocations returns all ways to revoke the token. Errors: those of signing a report.
func (h *holder) revocations(reporters partners.Partners, t *token) ([]revocation, error) {
	asAdmin := apiclient.Request{Method: http.MethodDelete, Path: deployed.UserTokenPath(h.user, t.id), Token: h.admin.Reveal()}
	ways := []revocation{h.ownRevocation(t), {asAdmin, http.StatusOK}}
	secret := t.present()
	if secret == (pat.Secret{}) {
		return ways, nil
	}
	asOAuth := apiclient.Request{Method: http.MethodPost, Path: deployed.RevokePath, Body: url.Values{"token": {secret.Reveal()}}}
	fromGitHub, err := reporters.GitHubReport(secret.Reveal())
	return append(ways, revocation{asOAuth, http.StatusOK}, revocation{fromGitHub, http.StatusOK},
		revocation{reporters.GitLabReport(secret.Reveal()), http.StatusNoContent}), err
}

// present returns the token's present secret, or the zero Secret if it is unknown.
func (t *token) present() pat.Secret {
	if secrets, _ := t.secrets(afterAll); len(secrets) == 1 {
		return secrets[0]
	}
	return pat.Secret{}
}

// revokeAll revokes all tokens of the holder, which are those given, in one request of the admin.
func (h *holder) revokeAll(ctx context.Context, c *client, all []*token) (bool, error) {
	remove := &op{}
	var want []pat.TokenID
	for _, t := range all {
		t.remove = remove
		want = append(want, t.id)
	}
	got, err := c.send(ctx, http.MethodDelete, deployed.UserTokensPath(h.user), h.admin, nil)
	if err != nil {
		return false, nil //nolint:nilerr // the server was killed
	}
	var body apitypes.RevokedTokens
	err = record(remove, got, http.StatusOK, &body)
	if err == nil && !remove.void && !slices.Equal(body.Revoked, want) {
		err = fmt.Errorf("revoked %v, want %v", body.Revoked, want)
	}
	return true, err
}
