package races_test

import (
	"context"
	"math/rand/v2"

	"pats/pkg/pat"
)

// In a mixed history each client does a random operation in each turn.
const (
	turns = 16
	// pool is the number of descriptions, small enough that some are taken.
	pool = 14
)

// runMixture returns the operations of maxSearched clients.
func runMixture(ctx context.Context, e *env, random *rand.Rand) []operation {
	e.mix(ctx, maxSearched, random)
	return e.finish(ctx)
}

// mix lets the clients work, each with a generator seeded from random.
func (e *env) mix(ctx context.Context, clients int, random *rand.Rand) {
	jobs := make([]job, clients)
	for i := range jobs {
		own := rand.New(rand.NewPCG(random.Uint64(), 0))
		jobs[i] = func(client int) {
			for range turns {
				e.turn(ctx, client, own)
			}
		}
	}
	runAtOnce(jobs)
}

// turn performs one operation, or disables the user and enables the user again, since every other operation is refused in
// between.
func (e *env) turn(ctx context.Context, client int, random *rand.Rand) {
	as, token := e.some(random), e.some(random)
	secret := e.latest(as)
	if random.IntN(4) == 0 {
		secret = 0
	}
	switch n := random.IntN(100); {
	case n < 30:
		e.do(ctx, client, request{action: create, as: as, secret: secret, description: described(random.IntN(pool)), scoped: random.IntN(3) == 0})
	case n < 45 && token != firstToken:
		e.do(ctx, client, request{action: remove, as: as, secret: secret, token: token, descendants: random.IntN(3) == 0})
	case n < 50 && token != firstToken:
		e.do(ctx, client, request{action: remove, as: token, secret: e.latest(token), token: token})
	case n < 58 && token != firstToken:
		e.do(ctx, client, request{action: rotate, as: as, secret: secret, token: token, self: as == token, overlap: random.IntN(2) == 0})
	case n < 61 && as != firstToken:
		e.do(ctx, client, request{action: []action{endSecret, report}[random.IntN(2)], as: as, secret: secret})
	case n < 62:
		e.do(ctx, client, request{action: removeScoped})
	case n < 75:
		e.do(ctx, client, request{action: list, as: as, secret: secret})
	case n < 98:
		e.do(ctx, client, request{action: use, as: as, secret: secret, self: random.IntN(2) == 0})
	default:
		e.do(ctx, client, request{action: disable})
		e.do(ctx, client, request{action: enable})
	}
}

// some returns the ID of a token: the first one, one of the latest, which may still be there, or any.
func (e *env) some(random *rand.Rand) pat.TokenID {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.tokenIDs)
	switch random.IntN(4) {
	case 0:
		return firstToken
	case 1:
		return e.tokenIDs[random.IntN(n)]
	}
	return e.tokenIDs[n-1-random.IntN(min(n, pat.MaxTokens))]
}
