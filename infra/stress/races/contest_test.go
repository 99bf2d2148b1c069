package races_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// contest is a race: jobs prepares the account and returns what n clients do at once.
type contest struct {
	name string
	jobs func(ctx context.Context, tb testing.TB, e *env, n int) []job
}

var contests = []contest{
	{"creates, distinct", distinctCreates},
	{"creates, one description", sameCreates},
	{"creates against deletes", createsAgainstDeletes},
	{"deletes of one token", deletesOfOne},
	{"creates against a delete with descendants", createsAgainstDescendants},
	{"disable against uses", disableAgainstUses},
	{"import against creates", importAgainstCreates},
	{"rotations with one secret", rotationsWithOneSecret},
	{"rotations by another token", rotationsByAnother},
	{"rotations against uses and a delete", rotationsAgainstUses},
	{"creates and rotations, some for too long", tooLongOnes},
	{"rotations against secrets that are ended", rotationsAgainstEnds},
	{"creates against a delete of those with scopes", createsAgainstBulkDelete},
}

// run runs the contest's jobs in a random order and returns the recorded operations.
func (c contest) run(tb testing.TB, e *env, n int, random *rand.Rand) []operation {
	tb.Helper()
	jobs := c.jobs(tb.Context(), tb, e, n)
	random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	runAtOnce(jobs)
	return e.finish(tb.Context())
}

// alike returns n jobs that differ in their number only.
func alike(n int, do func(i, client int)) []job {
	jobs := make([]job, n)
	for i := range jobs {
		jobs[i] = func(client int) { do(i, client) }
	}
	return jobs
}

func described(i int) string { return fmt.Sprintf("token %d", i) }

func distinctCreates(ctx context.Context, _ testing.TB, e *env, n int) []job {
	return alike(n, func(i, client int) {
		e.do(ctx, client, request{action: create, as: firstToken, description: described(i)})
	})
}

func sameCreates(ctx context.Context, _ testing.TB, e *env, n int) []job {
	return alike(n, func(_, client int) { e.do(ctx, client, request{action: create, as: firstToken, description: "same"}) })
}

// fill creates tokens up to the limit and returns their IDs.
func fill(ctx context.Context, e *env) []pat.TokenID {
	var ids []pat.TokenID
	for i := range pat.MaxTokens - 1 {
		ids = append(ids, e.do(ctx, 0, request{action: create, as: firstToken, description: described(i)}).id)
	}
	return ids
}

// createsAgainstDeletes lets half of the clients delete the tokens of a full account, and the others create tokens, some with the
// same descriptions.
func createsAgainstDeletes(ctx context.Context, _ testing.TB, e *env, n int) []job {
	ids := fill(ctx, e)
	return alike(n, func(i, client int) {
		if i%2 == 0 {
			e.do(ctx, client, request{action: remove, as: firstToken, token: ids[i/2%len(ids)]})
		} else {
			e.do(ctx, client, request{action: create, as: firstToken, description: described(i / 2 % (2 * len(ids)))})
		}
	})
}

// createsAgainstDescendants lets a token and a scoped one that it created create tokens, while one client deletes both with all that they
// led to.
func createsAgainstDescendants(ctx context.Context, _ testing.TB, e *env, n int) []job {
	leaked := e.do(ctx, 0, request{action: create, as: firstToken, description: "leaked"}).id
	scoped := e.do(ctx, 0, request{action: create, as: leaked, description: "scoped", scoped: true}).id
	return alike(n, func(i, client int) {
		if i == 0 {
			e.do(ctx, client, request{action: remove, as: firstToken, token: leaked, descendants: true})
		} else {
			e.do(ctx, client, request{action: create, as: []pat.TokenID{leaked, scoped}[i%2], description: described(i), scoped: i%3 > 0})
		}
	})
}

// deletesOfOne deletes one token from all clients. Every fourth client presents that token itself.
func deletesOfOne(ctx context.Context, _ testing.TB, e *env, n int) []job {
	victim := e.do(ctx, 0, request{action: create, as: firstToken, description: "victim"}).id
	return alike(n, func(i, client int) {
		as := firstToken
		if i%4 == 0 {
			as = victim
		}
		e.do(ctx, client, request{action: remove, as: as, token: victim})
	})
}

// rotationsWithOneSecret lets a token rotate itself from all clients, with an overlap or without, and then use what it got.
func rotationsWithOneSecret(ctx context.Context, _ testing.TB, e *env, n int) []job {
	id := e.do(ctx, 0, request{action: create, as: firstToken, description: "rotating"}).id
	return alike(n, func(i, client int) {
		got := e.do(ctx, client, request{action: rotate, as: id, token: id, overlap: i%2 == 0})
		e.do(ctx, client, request{action: use, as: id, secret: got.secret})
	})
}

// rotationsByAnother rotates a token by another one from all clients, each of which must be written after the others, and uses what each
// got.
func rotationsByAnother(ctx context.Context, _ testing.TB, e *env, n int) []job {
	id := e.do(ctx, 0, request{action: create, as: firstToken, description: "rotating"}).id
	return alike(n, func(i, client int) {
		got := e.do(ctx, client, request{action: rotate, as: firstToken, token: id, overlap: i%2 == 0})
		e.do(ctx, client, request{action: use, as: id, secret: got.secret})
	})
}

// rotationsAgainstUses rotates a token from a quarter of the clients, by itself and by another token, while the others use the latest
// secret that they know, and one client deletes the token.
func rotationsAgainstUses(ctx context.Context, _ testing.TB, e *env, n int) []job {
	id := e.do(ctx, 0, request{action: create, as: firstToken, description: "rotating"}).id
	e.do(ctx, 0, request{action: use, as: id})
	return alike(n, func(i, client int) {
		secret := e.latest(id)
		e.do(ctx, client, request{action: use, as: id, secret: secret})
		switch {
		case i == 1:
			e.do(ctx, client, request{action: remove, as: firstToken, token: id})
		case i%8 == 0:
			secret = e.do(ctx, client, request{action: rotate, as: firstToken, token: id, overlap: i%16 == 0}).secret
		case i%8 == 4:
			e.do(ctx, client, request{action: rotate, as: id, secret: secret, token: id, overlap: true})
		}
		e.do(ctx, client, request{action: use, as: id, secret: secret})
		e.do(ctx, client, request{action: use, as: id, secret: e.latest(id)})
	})
}

// tooLongOnes lets a token create others and rotate itself from all clients, every other time for longer than is allowed.
func tooLongOnes(ctx context.Context, _ testing.TB, e *env, n int) []job {
	id := e.do(ctx, 0, request{action: create, as: firstToken, description: "rotating"}).id
	return alike(n, func(i, client int) {
		long := i%4 < 2
		if i%2 == 0 {
			e.do(ctx, client, request{action: create, as: firstToken, description: described(i), tooLong: long})
		} else {
			e.do(ctx, client, request{action: rotate, as: id, token: id, self: true, overlap: true, tooLong: long})
		}
	})
}

// rotationsAgainstEnds rotates a token that has created another one, while clients end the secret that they have replaced, or report the
// one that they were issued, and use what must not work any more.
func rotationsAgainstEnds(ctx context.Context, _ testing.TB, e *env, n int) []job {
	id := e.do(ctx, 0, request{action: create, as: firstToken, description: "leaked"}).id
	child := e.do(ctx, 0, request{action: create, as: id, description: "child"}).id
	rotation := request{action: rotate, as: firstToken, token: id, overlap: true}
	return alike(n, func(i, client int) {
		old := e.latest(id)
		switch i % 4 {
		case 0:
			e.do(ctx, client, rotation)
			e.do(ctx, client, request{action: endSecret, as: id, secret: old})
			e.do(ctx, client, request{action: use, as: id, secret: old})
		case 1:
			issued := e.do(ctx, client, rotation).secret
			e.do(ctx, client, request{action: report, as: id, secret: issued})
			e.do(ctx, client, request{action: use, as: child, self: true})
		default:
			e.do(ctx, client, request{action: use, as: id, secret: old})
		}
	})
}

// createsAgainstBulkDelete creates tokens with scopes and without, while an operator deletes those with scopes.
func createsAgainstBulkDelete(ctx context.Context, _ testing.TB, e *env, n int) []job {
	return alike(n, func(i, client int) {
		if i%4 == 0 {
			e.do(ctx, client, request{action: removeScoped})
			return
		}
		created := e.do(ctx, client, request{action: create, as: firstToken, description: described(i), scoped: i%2 == 0})
		if created.outcome == done {
			e.do(ctx, client, request{action: use, as: created.id})
		}
	})
}

// maxUses bounds how long a client continues if it is never refused.
const maxUses = 30

// disableAgainstUses uses every token first, so that the authorizer's response is cached where caching is on. Then one client
// disables the user and uses each token once more, while the others use the tokens in every way until they are refused.
func disableAgainstUses(ctx context.Context, _ testing.TB, e *env, n int) []job {
	ids := append(fill(ctx, e), firstToken)
	for _, id := range ids {
		e.do(ctx, 0, request{action: use, as: id})
	}
	jobs := alike(n-1, func(i, client int) {
		for turn := range maxUses {
			c := request{action: []action{use, list, create}[(i+turn)%3], as: ids[i%len(ids)], description: "one too many"}
			if e.do(ctx, client, c).outcome == refused {
				return
			}
		}
	})
	return append(jobs, func(client int) {
		e.do(ctx, client, request{action: disable})
		for _, id := range ids {
			e.do(ctx, client, request{action: use, as: id})
			e.do(ctx, client, request{action: list, as: id})
		}
	})
}

// importers is the number of clients that import the same tokens at once, as an import and its reruns would.
const importers = 8

// importAgainstCreates imports tokens, some with IDs that the creates may take first.
func importAgainstCreates(ctx context.Context, tb testing.TB, e *env, n int) []job {
	var tokens []pat.Token
	for _, id := range []pat.TokenID{2, 5, 40, 41} {
		token, err := e.newImportedToken(id)
		must.Do(tb, err)
		tokens = append(tokens, token)
	}
	return alike(n, func(i, client int) {
		if i < importers {
			e.importTokens(ctx, client, tokens)
		} else {
			e.do(ctx, client, request{action: create, as: firstToken, description: described(i)})
		}
	})
}
