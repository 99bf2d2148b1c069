package faults_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/stress/faults"
	"pats/infra/testkit/deployed"
	"pats/pkg/gateway"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// TestPlantedFaultsAreFound breaks the service on purpose, in one way for each check of the harness.
func TestPlantedFaultsAreFound(t *testing.T) {
	t.Parallel()
	e := newEnv(t, newCounts())
	for name, c := range map[string]struct {
		operation string
		planted   planted
		fault     faults.Fault
		plan      faults.Plan
	}{
		"an unconfirmed create is reported as done":             {"create", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed keyed create is reported as done":       {"create with a key", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed delete is reported as done":             {"delete", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed rotation is reported as done":           {"rotate", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed keyed rotation is reported as done":     {"rotate with a key", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed self-rotation is reported as done":      {"rotate itself", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"a rotation ends the overlap":                           {"rotate itself", onStore(endOverlaps), faults.None, faults.Never},
		"an unconfirmed self-delete is reported as done":        {"delete the one presented", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"a token is shown with another description":             {"show itself", onStore(renameTokens), faults.None, faults.Never},
		"an unconfirmed delete by an Admin is reported as done": {"delete a user's token", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed delete of all is reported as done":      {"delete all tokens of a user", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed service token is reported as done":      {"create a token of a service account", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed OAuth revocation is reported as done":   {"revoke as OAuth does", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed report is reported as done":             {"report from GitLab", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"a token that cannot be read is inactive":               {"introspect", onStore(missingOnError), faults.None, faults.Never},
		"a page is cut short":                                   {"list everybody's tokens", onStore(emptyPages), faults.None, faults.Never},
		"an unconfirmed new user is reported as done":           {"create user", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed update is reported as done":             {"update user", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed disable is reported as done":            {"disable user", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed user delete is reported as done":        {"delete user", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed first sign-in is reported as done":      {"sign in for the first time", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed create in a session is done":            {"create in a session", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed sign-out is reported as done":           {"sign out everywhere", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"an unconfirmed login is reported as redeemed":          {"redeem a login", onStore(claimWrites), faults.Reset, faults.Commits(faults.Reset)},
		"a create is repeated blindly":                          {"create", onStore(repeatWrites), faults.Lost, faults.Once(faults.Commits(faults.Lost))},
		"reads are repeated without a bound":                    {"list", onStore(repeatReads), faults.Reset, faults.Always(faults.Reset)},
		"a function ignores its deadline":                       {"list", planted{functions: ofTokens(ignoreDeadline)}, faults.None, faults.Never},
		"a 503 has no Retry-After":                              {"list", planted{functions: ofTokens(dropRetryAfter)}, faults.Reset, faults.Always(faults.Reset)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(operations, func(o operation) bool { return o.name == c.operation })
			wantFinding(t, operations[i].try(t, newTarget(t, e, allButAuthorizer, c.planted), c.fault, c.plan))
		})
	}
	t.Run("the authorizer fails open", func(t *testing.T) {
		t.Parallel()
		forged := presentedToken{"forged", pattest.Forge(t, e.newFixture(t, false).own.Selector), http.StatusUnauthorized}
		target := newTarget(t, e, onlyAuthorizer, planted{functions: allowOnError})
		wantFinding(t, target.present(t.Context(), forged, faults.Always(faults.Reset), forged.status, http.StatusServiceUnavailable))
	})
}

func wantFinding(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("the harness found nothing wrong")
	}
	t.Logf("found: %v", err)
}

func onStore(broken func(pat.Store) pat.Store) planted { return planted{store: broken} }

// claimWrites returns a store that reports unconfirmed writes as done.
func claimWrites(s pat.Store) pat.Store { return claimingStore{s} }

type claimingStore struct{ pat.Store }

func (s claimingStore) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	return ignoreUnavailable(s.Store.ReplaceAccount(ctx, before, after))
}

func (s claimingStore) DeleteAccount(ctx context.Context, account pat.Account) error {
	return ignoreUnavailable(s.Store.DeleteAccount(ctx, account))
}

func (s claimingStore) CreateAccount(ctx context.Context, draft pat.Account) (pat.Account, error) {
	created, err := s.Store.CreateAccount(ctx, draft)
	if pat.KindOf(err) == pat.KindUnavailable {
		created = draft
		created.ID = pat.MaxID
	}
	return created, ignoreUnavailable(err)
}

func ignoreUnavailable(err error) error {
	if err != nil && pat.KindOf(err) == pat.KindUnavailable {
		return nil
	}
	return err
}

// repeatWrites returns a store that adds the tokens of a failed write again.
func repeatWrites(s pat.Store) pat.Store { return repeatingWriter{s} }

type repeatingWriter struct{ pat.Store }

func (s repeatingWriter) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	if s.Store.ReplaceAccount(ctx, before, after) == nil {
		return nil
	}
	present, err := s.Account(ctx, before.ID)
	if err != nil {
		return err
	}
	repeated := present
	for _, token := range after.Tokens[len(before.Tokens):] {
		token.ID = repeated.NextTokenID
		repeated.NextTokenID++
		repeated.Tokens = append(slices.Clone(repeated.Tokens), token)
	}
	return s.Store.ReplaceAccount(ctx, present, repeated)
}

// repeatReads returns a store that repeats failed reads.
func repeatReads(s pat.Store) pat.Store { return repeatingReader{s} }

type repeatingReader struct{ pat.Store }

func (s repeatingReader) Account(ctx context.Context, user pat.UserID) (account pat.Account, err error) {
	for range 10 {
		if account, err = s.Store.Account(ctx, user); err == nil {
			break
		}
	}
	return account, err
}

// missingOnError returns a store that cannot read any account but the first one, and reports the others as missing.
func missingOnError(s pat.Store) pat.Store { return &missingStore{Store: s} }

type missingStore struct {
	pat.Store
	reads atomic.Int64
}

func (s *missingStore) Account(ctx context.Context, user pat.UserID) (pat.Account, error) {
	if s.reads.Add(1) > 1 {
		return pat.Account{}, pat.NoUser(nil)
	}
	return s.Store.Account(ctx, user)
}

// emptyPages returns a store without tokens in its pages.
func emptyPages(s pat.Store) pat.Store { return emptyPager{s} }

type emptyPager struct{ pat.Store }

func (emptyPager) AccountsWithTokens(context.Context, pat.UserID, int, ...pat.AccountType) ([]pat.Account, pat.UserID, error) {
	return nil, 0, nil
}

// endOverlaps returns a store that forgets how long replaced secrets work.
func endOverlaps(s pat.Store) pat.Store {
	return changingStore{s, func(token *pat.Token) { token.Replaced.Until = token.RotatedAt }}
}

// renameTokens returns a store that writes other descriptions than it is given, and reads others than it has.
func renameTokens(s pat.Store) pat.Store {
	return changingStore{s, func(token *pat.Token) { token.Description += "x" }}
}

// changingStore changes the tokens that it reads and writes.
type changingStore struct {
	pat.Store
	change func(*pat.Token)
}

func (s changingStore) Account(ctx context.Context, user pat.UserID) (pat.Account, error) {
	account, err := s.Store.Account(ctx, user)
	return s.changed(account), err
}

func (s changingStore) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	return s.Store.ReplaceAccount(ctx, before, s.changed(after))
}

func (s changingStore) changed(account pat.Account) pat.Account {
	account.Tokens = slices.Clone(account.Tokens)
	for i := range account.Tokens {
		s.change(&account.Tokens[i])
	}
	return account
}

// ofTokens wraps the function of the token routes.
func ofTokens(wrap func(gateway.ProxyFunction) gateway.ProxyFunction) func(gateway.Functions) gateway.Functions {
	return func(functions gateway.Functions) gateway.Functions {
		functions.Proxies = maps.Clone(functions.Proxies)
		functions.Proxies[deployed.TokensFunction] = wrap(functions.Proxies[deployed.TokensFunction])
		return functions
	}
}

func ignoreDeadline(inner gateway.ProxyFunction) gateway.ProxyFunction {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		response, err := inner(ctx, event)
		<-ctx.Done()
		return response, err
	}
}

func dropRetryAfter(inner gateway.ProxyFunction) gateway.ProxyFunction {
	return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		response, err := inner(ctx, event)
		delete(response.MultiValueHeaders, "Retry-After")
		return response, err
	}
}

// allowOnError makes the authorizer allow every well-formed token that it cannot check.
func allowOnError(functions gateway.Functions) gateway.Functions {
	inner := functions.Authorizers[deployed.AuthorizerFunction]
	functions.Authorizers = map[string]gateway.AuthorizerFunction{deployed.AuthorizerFunction: func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		response, err := inner(ctx, event)
		if err == nil {
			return response, nil
		}
		secret, err := pat.ParseSecret(event.AuthorizationToken)
		if err != nil {
			return response, err
		}
		caller := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: secret.Selector().UserID(), Selector: secret.Selector()}}
		statement := events.IAMPolicyStatement{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{"*"}}
		return events.APIGatewayCustomAuthorizerResponse{
			PrincipalID:    caller.Name(),
			PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17", Statement: []events.IAMPolicyStatement{statement}},
			Context:        contextOf(caller),
		}, nil
	}}
	return functions
}

// contextOf returns the authorizer's context for a caller.
func contextOf(caller pat.Principal) map[string]any {
	claims := map[string]any{}
	for name, value := range caller.Claims() {
		claims[name] = value
	}
	return claims
}
