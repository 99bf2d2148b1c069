package races_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/pkg/pat"
)

// The first token of every user: the manager's. It lasts.
const (
	manager        pat.TokenID = 1
	ownDescription             = "own"
)

// arena is a user's account with many clients at it, all of whose operations are recorded.
type env struct {
	target  target
	service *pat.Service
	user    pat.Account
	// time counts the beginnings and ends of operations.
	time atomic.Int64

	mu         sync.Mutex
	operations []operation
	secrets    map[pat.TokenID]pat.Secret
	// answered are the tokens with a secret.
	tokenIDs []pat.TokenID
}

// newArena makes a user with the manager's token.
func newEnv(tb testing.TB, target target, service *pat.Service) *env {
	tb.Helper()
	user, err := service.CreateUser(tb.Context(), pat.Profile{Username: "racer-" + rand.Text(), Role: pat.Viewer})
	if err != nil {
		tb.Fatal(err)
	}
	draft := pat.Draft{Description: ownDescription, ExpiresAt: time.Now().Add(tokenLife)}
	token, secret, err := service.CreateUserToken(tb.Context(), user.ID, draft)
	if err != nil || token.ID != manager {
		tb.Fatalf("the first token has id %d, %v; want %d", token.ID, err, manager)
	}
	return &env{
		target: target, service: service, user: user,
		secrets: map[pat.TokenID]pat.Secret{manager: secret}, tokenIDs: []pat.TokenID{manager},
	}
}

// do lets a client do one operation, and records it.
func (a *env) do(ctx context.Context, client int, c request) response {
	secret := a.secret(c.as)
	begin := a.time.Add(1)
	got, made := a.target.do(ctx, a.user.ID, c, secret)
	end := a.time.Add(1)
	a.record(operation{client: client, request: c, response: got, begin: begin, end: end}, made)
	return got
}

func (a *env) record(o operation, made pat.Secret) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.operations = append(a.operations, o)
	if o.action == create && o.outcome == done {
		a.secrets[o.id] = made
		a.tokenIDs = append(a.tokenIDs, o.id)
	}
}

func (a *env) secret(id pat.TokenID) pat.Secret {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.secrets[id]
}

// imports brings tokens into the account as `pats import` does. The secrets of those that are taken in open the account.
func (a *env) importTokens(ctx context.Context, client int, tokens []pat.Token) {
	c := request{action: importTokens}
	c.imported, _ = listedTokens(tokens, nil)
	user := a.user
	user.Tokens = tokens
	begin := a.time.Add(1)
	result, err := a.service.ImportUser(ctx, user)
	got := importOutcome(tokens, result, err)
	a.record(operation{client: client, request: c, response: got, begin: begin, end: a.time.Add(1)}, pat.Secret{})
}

func importOutcome(tokens []pat.Token, result pat.Imported, err error) response {
	got := response{}
	got.outcome, got.detail = outcomeOf(err)
	if got.outcome != done {
		return got
	}
	if result.Refusal != "" {
		return response{outcome: unexpected, detail: result.Refusal}
	}
	for i, token := range result.Tokens {
		if token.Refusal == "" {
			got.tokens = append(got.tokens, listedToken{tokens[i].ID, tokens[i].Description})
		}
	}
	return got
}

// foreign is a token to import, which nobody holds.
func (a *env) newImportedToken(id pat.TokenID) (pat.Token, error) {
	secret, err := pat.NewSecret(rand.Reader, a.user.ID)
	return pat.Token{
		ID: id, Description: fmt.Sprintf("imported %d", id), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: a.user.CreatedAt, ExpiresAt: a.user.CreatedAt.Add(tokenLife),
	}, err
}

// finish adds what holder and operator see when all is over, and gives what was recorded.
func (a *env) finish(ctx context.Context) []operation {
	a.do(ctx, 0, request{action: list, as: manager})
	a.do(ctx, 0, request{action: list, as: operator})
	return a.operations
}

// job is what one client does.
type job func(client int)

// together lets every job loose at once, each as a client of its own.
func runAtOnce(jobs []job) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for client, do := range jobs {
		all.Go(func() {
			<-start
			do(client)
		})
	}
	close(start)
	all.Wait()
}
