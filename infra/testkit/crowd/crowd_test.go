package crowd_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/infra/testkit/crowd"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

func newAccount(t *testing.T, seed byte) (pat.Account, []pat.Secret) {
	t.Helper()
	account, secrets, err := crowd.NewAccount(rand.NewChaCha8([32]byte{seed}), 7, pat.MaxTokens, time.Unix(1, 0))
	must.Do(t, err)
	return account, secrets
}

func TestNewAccountHasTheTokensOfItsSecrets(t *testing.T) {
	t.Parallel()
	account, secrets := newAccount(t, 1)
	if len(account.Tokens) != pat.MaxTokens || account.NextTokenID != pat.MaxTokens+1 {
		t.Errorf("got %d tokens and next ID %d, want %d and %d", len(account.Tokens), account.NextTokenID, pat.MaxTokens, pat.MaxTokens+1)
	}
	for i, secret := range secrets {
		token := account.Tokens[i]
		if token.Selector != secret.Selector() || token.Verifier != secret.Verifier() || secret.Selector().UserID() != 7 {
			t.Errorf("token %d: got another selector or verifier than its secret's", i+1)
		}
	}
}

func TestNewAccountDependsOnItsRandomSource(t *testing.T) {
	t.Parallel()
	one, _ := newAccount(t, 1)
	same, _ := newAccount(t, 1)
	other, _ := newAccount(t, 2)
	if diff := cmp.Diff(one, same); diff != "" {
		t.Errorf("same source: %s", diff)
	}
	if one.Tokens[0].Verifier == other.Tokens[0].Verifier {
		t.Error("different sources: got the same token")
	}
}
