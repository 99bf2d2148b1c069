package races_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// The first token of every user. It is never deleted.
const (
	firstToken     pat.TokenID = 1
	ownDescription             = "own"
)

// env is a user's account with many clients, whose operations are recorded.
type env struct {
	target  target
	service *pat.Service
	user    pat.Account
	// time counts the beginnings and ends of operations.
	time atomic.Int64

	mu         sync.Mutex
	operations []operation
	// secrets are the secrets of each token by their numbers, the first one with 0.
	secrets map[pat.TokenID]map[int]pat.Secret
	// issued is the number of the secret that was issued last by a rotation.
	issued int
	// tokenIDs are the IDs in secrets, oldest first.
	tokenIDs []pat.TokenID
}

// newEnv creates a user with one token.
func newEnv(tb testing.TB, target target, service *pat.Service) *env {
	tb.Helper()
	user, err := service.CreateUser(tb.Context(), pat.Profile{Username: "racer-" + rand.Text(), Role: pat.Viewer})
	must.Do(tb, err)
	draft := pat.Draft{Description: ownDescription, Scopes: pat.Unscoped(), ExpiresAt: time.Now().Add(tokenLife)}
	token, secret, err := service.CreateUserToken(tb.Context(), user.ID, draft)
	if err != nil || token.ID != firstToken {
		tb.Fatalf("the first token has ID %d, error %v, want ID %d", token.ID, err, firstToken)
	}
	return &env{
		target: target, service: service, user: user,
		secrets: map[pat.TokenID]map[int]pat.Secret{firstToken: {0: secret}}, tokenIDs: []pat.TokenID{firstToken},
	}
}

// do performs an operation and records it.
func (e *env) do(ctx context.Context, client int, c request) response {
	secret := e.secret(c.as, c.secret)
	c.until = e.user.CreatedAt.Add(tokenLife) // for all, since a scoped token creates none that lives longer
	if c.tooLong {
		c.until = time.Now().Add(2 * maxLifetime)
	}
	begin := e.time.Add(1)
	got, created := e.target.do(ctx, e.user.ID, c, secret)
	end := e.time.Add(1)
	if c.action == rotate && got.outcome == done {
		got.secret = e.learn(c.token, created)
	}
	e.record(operation{client: client, request: c, response: got, begin: begin, end: end}, created)
	return got
}

// learn keeps a secret that a rotation of the token with id issued, and returns its number.
func (e *env) learn(id pat.TokenID, secret pat.Secret) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.issued++
	e.secrets[id][e.issued] = secret
	return e.issued
}

func (e *env) record(o operation, created pat.Secret) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.operations = append(e.operations, o)
	if o.action == create && o.outcome == done {
		e.secrets[o.id] = map[int]pat.Secret{0: created}
		e.tokenIDs = append(e.tokenIDs, o.id)
	}
}

func (e *env) secret(id pat.TokenID, number int) pat.Secret {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.secrets[id][number]
}

// latest returns the number of the secret of the token with id that was issued last, as far as the clients know.
func (e *env) latest(id pat.TokenID) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	latest := 0
	for number := range e.secrets[id] {
		latest = max(latest, number)
	}
	return latest
}

// importTokens imports tokens as `pats import` does, and records that.
func (e *env) importTokens(ctx context.Context, client int, tokens []pat.Token) {
	c := request{action: importTokens}
	c.imported, _ = listedTokens(tokens, nil)
	user := e.user
	user.Tokens = tokens
	begin := e.time.Add(1)
	result, err := e.service.ImportUser(ctx, user)
	got := importOutcome(tokens, result, err)
	e.record(operation{client: client, request: c, response: got, begin: begin, end: e.time.Add(1)}, pat.Secret{})
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

// newImportedToken returns a token to import.
func (e *env) newImportedToken(id pat.TokenID) (pat.Token, error) {
	secret, err := pat.NewSecret(rand.Reader, e.user.ID)
	return pat.Token{
		ID: id, Description: fmt.Sprintf("imported %d", id), Scopes: pat.Unscoped(), Selector: secret.Selector(), Verifier: secret.Verifier(),
		CreatedAt: e.user.CreatedAt, ExpiresAt: e.user.CreatedAt.Add(tokenLife),
	}, err
}

// finish adds the lists that the user and the operator see at the end, and returns all recorded operations.
func (e *env) finish(ctx context.Context) []operation {
	e.do(ctx, 0, request{action: list, as: firstToken})
	e.do(ctx, 0, request{action: list, as: operator})
	return e.operations
}

// job is what one client does.
type job func(client int)

// runAtOnce starts all jobs at the same moment, each as another client.
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
