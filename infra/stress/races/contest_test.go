package races_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pats/pkg/pat"
)

// contest is a race: what n clients do at once, after what it does first by itself.
type contest struct {
	name string
	jobs func(ctx context.Context, tb testing.TB, a *env, n int) []job
}

var contests = []contest{
	{"creates, distinct", distinctCreates},
	{"creates, one description", sameCreates},
	{"creates against deletes", createsAgainstDeletes},
	{"deletes of one token", deletesOfOne},
	{"disable against uses", disableAgainstUses},
	{"import against creates", importAgainstCreates},
}

// run lets the contest's jobs loose in an order that random gives, and gives what was recorded.
func (c contest) run(tb testing.TB, a *env, n int, random *rand.Rand) []operation {
	tb.Helper()
	jobs := c.jobs(tb.Context(), tb, a, n)
	random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	runAtOnce(jobs)
	return a.finish(tb.Context())
}

// each client's job is the same, but for its number.
func alike(n int, do func(i, client int)) []job {
	jobs := make([]job, n)
	for i := range jobs {
		jobs[i] = func(client int) { do(i, client) }
	}
	return jobs
}

func described(i int) string { return fmt.Sprintf("token %d", i) }

func distinctCreates(ctx context.Context, _ testing.TB, a *env, n int) []job {
	return alike(n, func(i, client int) {
		a.do(ctx, client, request{action: create, as: manager, description: described(i)})
	})
}

func sameCreates(ctx context.Context, _ testing.TB, a *env, n int) []job {
	return alike(n, func(_, client int) { a.do(ctx, client, request{action: create, as: manager, description: "same"}) })
}

// fill gives the account as many tokens as it may have, and their ids.
func fill(ctx context.Context, a *env) []pat.TokenID {
	var ids []pat.TokenID
	for i := range pat.MaxTokens - 1 {
		ids = append(ids, a.do(ctx, 0, request{action: create, as: manager, description: described(i)}).id)
	}
	return ids
}

// createsAgainstDeletes: half of the clients delete the tokens of a full account, while the others create some with the same
// descriptions and some with others.
func createsAgainstDeletes(ctx context.Context, _ testing.TB, a *env, n int) []job {
	ids := fill(ctx, a)
	return alike(n, func(i, client int) {
		if i%2 == 0 {
			a.do(ctx, client, request{action: remove, as: manager, token: ids[i/2%len(ids)]})
		} else {
			a.do(ctx, client, request{action: create, as: manager, description: described(i / 2 % (2 * len(ids)))})
		}
	})
}

// deletesOfOne: every fourth client is the token's own holder.
func deletesOfOne(ctx context.Context, _ testing.TB, a *env, n int) []job {
	victim := a.do(ctx, 0, request{action: create, as: manager, description: "victim"}).id
	return alike(n, func(i, client int) {
		as := manager
		if i%4 == 0 {
			as = victim
		}
		a.do(ctx, client, request{action: remove, as: as, token: victim})
	})
}

// maxUses bounds how long a client goes on if nobody refuses it.
const maxUses = 30

// disableAgainstUses: every token is used before, so that the authorizer's answer is cached where it may be. Then all but one
// client use the tokens in every way until they are refused, and that one disables the user and uses each token once more.
func disableAgainstUses(ctx context.Context, _ testing.TB, a *env, n int) []job {
	ids := append(fill(ctx, a), manager)
	for _, id := range ids {
		a.do(ctx, 0, request{action: use, as: id})
	}
	jobs := alike(n-1, func(i, client int) {
		for turn := range maxUses {
			c := request{action: []action{use, list, create}[(i+turn)%3], as: ids[i%len(ids)], description: "one too many"}
			if a.do(ctx, client, c).outcome == refused {
				return
			}
		}
	})
	return append(jobs, func(client int) {
		a.do(ctx, client, request{action: disable})
		for _, id := range ids {
			a.do(ctx, client, request{action: use, as: id})
			a.do(ctx, client, request{action: list, as: id})
		}
	})
}

// importers is how many import the same at once, as an import and its repetitions would.
const importers = 8

// importAgainstCreates: of the tokens imported, some have ids that the creates may come to use first.
func importAgainstCreates(ctx context.Context, tb testing.TB, a *env, n int) []job {
	var tokens []pat.Token
	for _, id := range []pat.TokenID{2, 5, 40, 41} {
		token, err := a.newImportedToken(id)
		if err != nil {
			tb.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	return alike(n, func(i, client int) {
		if i < importers {
			a.importTokens(ctx, client, tokens)
		} else {
			a.do(ctx, client, request{action: create, as: manager, description: described(i)})
		}
	})
}
