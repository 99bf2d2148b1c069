package faults_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/stress/faults"
	"pats/pkg/gateway"
	"pats/pkg/pat"
)

// The harness is worth something only if it complains of a service that is broken. These break it on purpose.

// lying says that a write which may not have happened has.
type lying struct{ pat.Store }

func (s lying) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	return believe(s.Store.ReplaceAccount(ctx, before, after))
}

func (s lying) DeleteAccount(ctx context.Context, account pat.Account) error {
	return believe(s.Store.DeleteAccount(ctx, account))
}

func (s lying) CreateAccount(ctx context.Context, draft pat.Account) (pat.Account, error) {
	made, err := s.Store.CreateAccount(ctx, draft)
	if pat.KindOf(err) == pat.KindUnavailable {
		made = draft
		made.ID = pat.MaxID
	}
	return made, believe(err)
}

func believe(err error) error {
	if err != nil && pat.KindOf(err) == pat.KindUnavailable {
		return nil
	}
	return err
}

func TestClaimedWritesAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	for _, o := range operations {
		if o.calls < change && o.name != "create user" {
			continue // it writes nothing
		}
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, on, allButAuthorizer, plant{store: func(s pat.Store) pat.Store { return lying{s} }})
			wantComplaint(t, f.try(t.Context(), o, on.newCast(t, o.aboutUsers), faults.Commits(faults.Reset), o.most(faults.Reset)))
		})
	}
}

func wantComplaint(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("the harness found nothing wrong")
	}
	t.Logf("found: %v", err)
}

// blind makes the tokens of a write that failed once more.
type blind struct{ pat.Store }

func (s blind) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	if s.Store.ReplaceAccount(ctx, before, after) == nil {
		return nil
	}
	now, err := s.Account(ctx, before.ID)
	if err != nil {
		return err
	}
	again := now
	for _, token := range after.Tokens[len(before.Tokens):] {
		token.ID = again.NextTokenID
		again.NextTokenID++
		again.Tokens = append(slices.Clone(again.Tokens), token)
	}
	return s.Store.ReplaceAccount(ctx, now, again)
}

func TestDoubleCreatesAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	f := newFront(t, on, allButAuthorizer, plant{store: func(s pat.Store) pat.Store { return blind{s} }})
	create := named(t, "create")
	wantComplaint(t, f.try(t.Context(), create, on.newCast(t, false), faults.Once(faults.Commits(faults.Lost)), create.most(faults.Lost)))
}

// restless reads again and again.
type restless struct{ pat.Store }

func (s restless) Account(ctx context.Context, user pat.UserID) (account pat.Account, err error) {
	for range 10 {
		if account, err = s.Store.Account(ctx, user); err == nil {
			break
		}
	}
	return account, err
}

func TestUnboundedRetriesAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	f := newFront(t, on, allButAuthorizer, plant{store: func(s pat.Store) pat.Store { return restless{s} }})
	list := named(t, "list")
	wantComplaint(t, f.try(t.Context(), list, on.newCast(t, false), faults.Always(faults.Reset), list.most(faults.Reset)))
}

// TestLateAnswersAreNoticed: a function that does not heed its deadline.
func TestLateAnswersAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	f := newFront(t, on, allButAuthorizer, plant{functions: ofTokens(func(inner gateway.ProxyFunction) gateway.ProxyFunction {
		return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			response, err := inner(ctx, event)
			<-ctx.Done()
			return response, err
		}
	})})
	list := named(t, "list")
	wantComplaint(t, f.try(t.Context(), list, on.newCast(t, false), faults.Never, list.most(faults.None)))
}

// TestBare503sAreNoticed: one that does not say when to come back.
func TestBare503sAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	f := newFront(t, on, allButAuthorizer, plant{functions: ofTokens(func(inner gateway.ProxyFunction) gateway.ProxyFunction {
		return func(ctx context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			response, err := inner(ctx, event)
			delete(response.MultiValueHeaders, "Retry-After")
			return response, err
		}
	})})
	list := named(t, "list")
	wantComplaint(t, f.try(t.Context(), list, on.newCast(t, false), faults.Always(faults.Reset), list.most(faults.Reset)))
}

// TestOpenDoorsAreNoticed: an authorizer that allows what it cannot check.
func TestOpenDoorsAreNoticed(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	f := newFront(t, on, onlyAuthorizer, plant{functions: trusting})
	c := on.newCast(t, false)
	forged := presented{"forged", on.forged(t, c.own), http.StatusUnauthorized}
	wantComplaint(t, f.present(t.Context(), forged, faults.Always(faults.Reset)))
}

// trusting is an authorizer that allows on error.
func trusting(functions gateway.Functions) gateway.Functions {
	inner := functions.Authorizers[authorizer]
	functions.Authorizers = map[string]gateway.AuthorizerFunction{authorizer: func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error) {
		response, err := inner(ctx, event)
		if err == nil {
			return response, nil
		}
		secret, err := pat.ParseSecret(event.AuthorizationToken)
		if err != nil {
			return response, err
		}
		who := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: secret.Selector().UserID(), Selector: secret.Selector()}}
		claims := map[string]any{}
		for name, value := range who.Claims() {
			claims[name] = value
		}
		statement := events.IAMPolicyStatement{Action: []string{"execute-api:Invoke"}, Effect: "Allow", Resource: []string{"*"}}
		return events.APIGatewayCustomAuthorizerResponse{
			PrincipalID:    who.Name(),
			PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{Version: "2012-10-17", Statement: []events.IAMPolicyStatement{statement}},
			Context:        claims,
		}, nil
	}}
	return functions
}

// TestRoundsNotice: the rounds complain of claimed writes as well.
func TestRoundsNotice(t *testing.T) {
	t.Parallel()
	seed := uint64(1)
	for percentOf(seed) < 50 {
		seed++
	}
	wantComplaint(t, round(t, newTable(t, newTally()), seed, faults.Quick(), plant{store: func(s pat.Store) pat.Store { return lying{s} }}))
}

// ofTokens wraps the function of the token routes.
func ofTokens(wrap func(gateway.ProxyFunction) gateway.ProxyFunction) func(gateway.Functions) gateway.Functions {
	return func(functions gateway.Functions) gateway.Functions {
		functions.Proxies = maps.Clone(functions.Proxies)
		functions.Proxies[tokensFunction] = wrap(functions.Proxies[tokensFunction])
		return functions
	}
}

func named(t *testing.T, name string) operation {
	t.Helper()
	i := slices.IndexFunc(operations, func(o operation) bool { return o.name == name })
	if i < 0 {
		t.Fatalf("there is no operation %q", name)
	}
	return operations[i]
}
