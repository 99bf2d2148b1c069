package races_test

import (
	"context"
	"math/rand/v2"

	"pats/pkg/pat"
)

// A mixed history is everything at once: each client does something else in each turn.
const (
	turns = 16
	// pool is how many descriptions there are, so that some are taken.
	pool = 14
)

// mixed gives what searched clients did, each by a generator of its own that random seeds.
func runMixture(ctx context.Context, a *env, random *rand.Rand) []operation {
	jobs := make([]job, maxSearched)
	for i := range jobs {
		own := rand.New(rand.NewPCG(random.Uint64(), 0))
		jobs[i] = func(client int) {
			for range turns {
				a.turn(ctx, client, own)
			}
		}
	}
	runAtOnce(jobs)
	return a.finish(ctx)
}

// turn does one thing, or disables the user and enables the user again at once, since all else is refused between.
func (a *env) turn(ctx context.Context, client int, random *rand.Rand) {
	as, token := a.some(random), a.some(random)
	switch n := random.IntN(100); {
	case n < 30:
		a.do(ctx, client, request{action: create, as: as, description: described(random.IntN(pool))})
	case n < 45 && token != manager: // whose token lasts
		a.do(ctx, client, request{action: remove, as: as, token: token})
	case n < 50 && token != manager:
		a.do(ctx, client, request{action: remove, as: token, token: token})
	case n < 70:
		a.do(ctx, client, request{action: list, as: as})
	case n < 98:
		a.do(ctx, client, request{action: use, as: as})
	default:
		a.do(ctx, client, request{action: disable})
		a.do(ctx, client, request{action: enable})
	}
}

// some is a token that was answered: the manager's, one of the latest, which may be there, or any.
func (a *env) some(random *rand.Rand) pat.TokenID {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.tokenIDs)
	switch random.IntN(4) {
	case 0:
		return manager
	case 1:
		return a.tokenIDs[random.IntN(n)]
	}
	return a.tokenIDs[n-1-random.IntN(min(n, pat.MaxTokens))]
}
