package dynamostore_test

import (
	"context"
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// calls are numbers of calls by operation.
type calls = map[string]int

var callTests = []struct {
	name string
	do   func(context.Context, *fixture, pattest.Holder) error
	want calls
}{
	{"a token's first use", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		_, err := f.service.Authenticate(ctx, h.Secret)
		return err
	}, calls{query: 1, update: 1}},
	{"a token's next use", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		if _, err := f.service.Authenticate(ctx, h.Secret); err != nil {
			return err
		}
		f.probe.forget()
		_, err := f.service.Authenticate(ctx, h.Secret)
		return err
	}, calls{query: 1}},
	{"list", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		_, err := f.service.Tokens(ctx, h.Identity())
		return err
	}, calls{query: 1}},
	{"create", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		_, _, err := f.service.CreateToken(ctx, h.Identity(), pattest.Draft("another"))
		return err
	}, calls{query: 1, put: 1}},
	{"create once", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		return f.createOnce(ctx, h)
	}, calls{query: 1, put: 1}},
	{"create once, repeated", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		if err := f.createOnce(ctx, h); err != nil {
			return err
		}
		f.probe.forget()
		return f.createOnce(ctx, h)
	}, calls{query: 1}},
	{"revoke", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		return f.service.RevokeToken(ctx, h.Identity(), h.Token.ID)
	}, calls{query: 1, put: 1}},
	{"revoke what is not there", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		return f.service.RevokeToken(ctx, h.Identity(), 99)
	}, calls{query: 1}},
	{"disable a user", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		if _, err := f.service.CreateUser(ctx, pattest.Profile("another", pat.Admin)); err != nil {
			return err
		}
		f.probe.forget()
		return pattest.SetDisabled(ctx, f.service, h.Account.ID, true)
	}, calls{query: 1, transact: 1}},
	{"find a user by email", func(ctx context.Context, f *fixture, h pattest.Holder) error {
		_, err := f.service.SearchUsers(ctx, h.Account.Email)
		return err
	}, calls{query: 2}},
	{"count the Admins", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		_, err := f.service.AdminCount(ctx)
		return err
	}, calls{query: 1}},
	{"create a user", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		_, err := f.service.CreateUser(ctx, pattest.Profile("another", pat.Editor))
		return err
	}, calls{update: 1, transact: 1}},
	{"import a user", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		return f.bring(ctx)
	}, calls{query: 1 + 1, transact: 1}},
	{"import a user again", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		if err := f.bring(ctx); err != nil {
			return err
		}
		f.probe.forget()
		return f.bring(ctx)
	}, calls{query: 1}},
	{"an imported token's first use", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		if err := f.bring(ctx); err != nil {
			return err
		}
		f.probe.forget()
		_, err := pat.NewService(f.store, pat.Settings{AcceptImported: true}, pattest.Env(f.clock)).Authenticate(ctx, foreign())
		return err
	}, calls{query: 2, update: 1}},
	{"an imported token that is not accepted", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		if _, err := f.service.Authenticate(ctx, foreign()); pat.KindOf(err) != pat.KindUnauthenticated {
			return err
		}
		return nil
	}, calls{}},
	{"list users", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		_, err := f.service.Users(ctx, 0, 100, pat.UserAccount)
		return err
	}, calls{query: 1}},
	{"list users and service accounts", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		_, err := f.service.Users(ctx, 0, 100)
		return err
	}, calls{query: 2}},
	{"list no users", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		_, err := f.service.Users(ctx, 0, 0)
		return err
	}, calls{}},
	{"warm", func(ctx context.Context, f *fixture, _ pattest.Holder) error {
		return f.store.Warm(ctx)
	}, calls{query: 1}},
	{"a malformed token", func(context.Context, *fixture, pattest.Holder) error {
		if _, err := pat.ParseSecret("user:v2_made-up"); pat.KindOf(err) != pat.KindUnauthenticated {
			return err
		}
		return nil
	}, calls{}},
}

// TestCalls checks the number of calls of each operation, and so its price and its latency.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, test := range callTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			f.probe.forget()
			if err := test.do(t.Context(), f, h); err != nil {
				t.Fatal(err)
			}
			equal(t, "calls", f.probe.made(), test.want)
		})
	}
}

// createOnce creates a token with an idempotency key.
func (f *fixture) createOnce(ctx context.Context, h pattest.Holder) error {
	key, err := pat.NewIdempotencyKey(h.Secret, "key")
	if err != nil {
		return err
	}
	_, _, err = f.service.CreateTokenOnce(ctx, h.Identity(), pattest.Draft("once"), key)
	return err
}

// foreign returns a token of another service.
func foreign() pat.Secret {
	secret, _ := pat.ParseForeignSecret("user:" + strings.Repeat("0f", 28))
	return secret
}

// bring imports user 7 with the foreign token.
func (f *fixture) bring(ctx context.Context) error {
	_, err := f.service.ImportUser(ctx, pat.Account{
		ID: 7, Profile: pattest.Profile("ida", pat.Editor), CreatedAt: pattest.Start,
		Tokens: []pat.Token{{
			ID: 20, Description: "imported", Scopes: pat.Unscoped(), Selector: foreign().Selector(), Verifier: foreign().Verifier(),
			CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(pattest.Lifetime),
		}},
	})
	return err
}
