package leaks

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"

	"pats/pkg/pat"
)

// minTokenLen is the least length of the shared token, in characters. A shorter one may be guessed.
const minTokenLen = 32

// tokenType is GitLab's name for tokens that the rule pats-token of gitleaks found: the identifier's type, an underscore and its value.
const tokenType = "gitleaks_rule_id_pats-token" //nolint:gosec // a name, no credential

// gitlab implements GitLab's Token Revocation API: https://docs.gitlab.com/development/sec/token_revocation_api/
type gitlab struct {
	tokenHash []byte
	revoker   revoker
}

// showTypes responds as GET /v1/revocable_token_types does.
func (g gitlab) showTypes(_ context.Context, req request) (response, error) {
	if err := g.authenticate(req); err != nil {
		return response{}, err
	}
	return jsonResponse(http.StatusOK, map[string][]string{"types": {tokenType}})
}

// receive responds as POST /v1/revoke_tokens does.
func (g gitlab) receive(ctx context.Context, req request) (response, error) {
	if err := g.authenticate(req); err != nil {
		return response{}, err
	}
	body, err := req.body()
	if err != nil {
		return response{}, err
	}
	reports, err := parseReports(body)
	if err != nil {
		return response{}, err
	}
	for i, one := range reports {
		if one.Type != tokenType {
			return response{}, badData(fmt.Sprintf("Element %d has a type other than %s.", i, tokenType))
		}
	}
	if err := g.revoker.revoke(ctx, req.log, reports); err != nil {
		return response{}, err
	}
	return response{status: http.StatusNoContent}, nil
}

// authenticate checks the shared token, in constant time. GitLab sends it without a scheme.
func (g gitlab) authenticate(req request) error {
	header, once := req.header("Authorization")
	token := pat.BareToken(header)
	hash := sha256.Sum256([]byte(token))
	if once && len(token) >= minTokenLen && subtle.ConstantTimeCompare(hash[:], g.tokenHash) == 1 {
		return nil
	}
	return unauthenticated()
}
