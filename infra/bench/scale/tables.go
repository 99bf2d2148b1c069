package scale

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"time"

	"pats/infra/bench/result"
	"pats/infra/testkit/crowd"
	"pats/pkg/api"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/laptop"
	"pats/pkg/pat"
)

// measureTables loads tables of all sizes, and runs each operation for some of their users.
func measureTables(ctx context.Context, run *result.Run, options Options) (err error) {
	server, err := dynamotest.Launch(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	measured := samples{run}
	for _, users := range options.Tables {
		t, err := newTable(ctx, server, users)
		if err != nil {
			return err
		}
		if err := t.measure(ctx, measured, options.Users); err != nil {
			return err
		}
	}
	return nil
}

// table is a filled table.
type table struct {
	users int
	meter *dynamotest.Meter
	// service uses the meter, and so do the functions behind the gateway.
	service *pat.Service
	gateway http.Handler
}

// loaders is the number of concurrent calls that load a table: as many as the SDK keeps connections.
const loaders = 10

func newTable(ctx context.Context, server *dynamotest.Server, users int) (*table, error) {
	client, name := dynamotest.NewPatientClient(server.Settings()), fmt.Sprintf("users-%d", users)
	if err := dynamostore.CreateTable(ctx, client, name); err != nil {
		return nil, err
	}
	if err := crowd.Import(ctx, dynamostore.New(client, name), pat.UserID(users), Accounts(users), loaders); err != nil {
		return nil, err
	}
	meter, err := dynamotest.NewMeter(ctx, client, name)
	if err != nil {
		return nil, err
	}
	store, env := dynamostore.New(meter, name), environment()
	stack, err := laptop.Read(nil)
	if err != nil {
		return nil, err
	}
	gateway, err := stack.Gateway(stack.Functions(store, env), env)
	return &table{users, meter, pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, env), gateway}, err
}

// measure runs every operation for n users. It leaves out user 1, the only Admin, who cannot be deleted.
func (t *table) measure(ctx context.Context, measured samples, n int) error {
	draw := mathrand.New(mathrand.NewPCG(seed, uint64(t.users))) //nolint:gosec // no secret: it draws users
	for _, i := range draw.Perm(t.users - 1)[:n] {
		a := &asked{table: t, id: pat.UserID(i + 2), after: pat.UserID(draw.IntN(t.users - listed + 1))}
		_, a.secrets = user(a.id)
		for _, o := range operations {
			if err := t.once(ctx, measured, o, a); err != nil {
				return fmt.Errorf("%s, %s: %w", o.name, Size(t.users), err)
			}
		}
	}
	return nil
}

func (t *table) once(ctx context.Context, measured samples, o operation, a *asked) error {
	t.meter.Take()
	begin := time.Now()
	if err := o.do(ctx, a); err != nil {
		return err
	}
	took, usage := time.Since(begin), t.meter.Take()
	measured.add(o.name, t.users, Reads, unitsUnit, usage.Reads)
	measured.add(o.name, t.users, Writes, unitsUnit, usage.Writes)
	measured.add(o.name, t.users, Local, milliUnit, in(time.Millisecond, took-usage.Accounting))
	return nil
}

// asked is a user for whom the operations run, one after the other.
type asked struct {
	*table
	id      pat.UserID
	secrets []pat.Secret
	// after is the user after whom a page of all users begins.
	after pat.UserID
}

func (a *asked) identity() pat.Identity {
	return pat.Identity{User: a.id, Selector: a.secrets[0].Selector()}
}

// listed is the number of users in a page.
const listed = 100

type operation struct {
	name string
	do   func(context.Context, *asked) error
}

// operations are ordered so that each finds what it needs: room for a token after a revocation, and the user until the end.
var operations = []operation{
	{"authenticated GET, authorizer not cached", get},
	{"authenticated GET, authorizer cached", get},
	{"authenticate, next use", func(ctx context.Context, a *asked) error {
		_, err := a.service.Authenticate(ctx, a.secrets[0])
		return err
	}},
	{"authenticate, first use", func(ctx context.Context, a *asked) error {
		_, err := a.service.Authenticate(ctx, a.secrets[pat.MaxTokens-1])
		return err
	}},
	{"list", func(ctx context.Context, a *asked) error {
		_, err := a.service.Tokens(ctx, a.identity())
		return err
	}},
	{"revoke a token", func(ctx context.Context, a *asked) error {
		return a.service.RevokeToken(ctx, a.identity(), pat.MaxTokens)
	}},
	{"create a token", func(ctx context.Context, a *asked) error {
		_, _, err := a.service.CreateToken(ctx, a.identity(), draft(pat.MaxTokens))
		return err
	}},
	{"read a user", func(ctx context.Context, a *asked) error {
		_, err := a.service.User(ctx, a.id)
		return err
	}},
	{"list 100 users", page},
	{"list 100 users' tokens", tokenPage},
	{"create a user", func(ctx context.Context, a *asked) error {
		_, err := a.service.CreateUser(ctx, crowd.NewProfile(a.id+pat.MaxID/2, pat.Editor))
		return err
	}},
	{"update a user's name", func(ctx context.Context, a *asked) error {
		_, err := a.service.UpdateUser(ctx, a.id, func(p *pat.Profile) { p.Name = "Name of another" })
		return err
	}},
	{"delete a user", func(ctx context.Context, a *asked) error { return a.service.DeleteUser(ctx, a.id) }},
}

// get requests the list of tokens from the gateway, with a token that nothing else uses.
func get(ctx context.Context, a *asked) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+api.ResourceTokens, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", a.secrets[1].Reveal())
	response := httptest.NewRecorder()
	a.gateway.ServeHTTP(response, request)
	if response.Code != http.StatusOK {
		return fmt.Errorf("the list has status %d, want 200", response.Code)
	}
	return nil
}

func page(ctx context.Context, a *asked) error {
	users, err := a.service.Users(ctx, a.after, listed, pat.UserAccount)
	if err == nil && len(users) != listed {
		return fmt.Errorf("the page has %d users, want %d", len(users), listed)
	}
	return err
}

func tokenPage(ctx context.Context, a *asked) error {
	users, _, err := a.service.AllTokens(ctx, a.after, listed, pat.TokenFilter{})
	if err == nil && len(users) < listed/2 { // users whom other operations created have no tokens, and others are deleted
		return fmt.Errorf("the page has tokens of %d users, want about %d", len(users), listed)
	}
	return err
}
