package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
)

// filterFlags select tokens of all users.
type filterFlags struct {
	UnusedSince   *expiry   `placeholder:"90d|12h|TIME" help:"With --all: only tokens that were not used for that long, or since that time. One without a recorded use counts from its creation."`
	ExpiresBefore *expiry   `placeholder:"14d|12h|TIME" help:"With --all: only tokens that end within that time, or before that time, including those that have expired."`
	Scope         pat.Scope `placeholder:"NAME" help:"With --all: only tokens that list this scope. A token that acts as its user lists none."`
	State         stateFlag `placeholder:"active|expired|disabled" help:"With --all: only tokens in this state. The last means not expired, of a disabled user."`
}

// stateFlag is the value of --state.
type stateFlag struct{ pat.TokenState }

var errState = errors.New("must be active, expired or disabled")

// UnmarshalText parses a state. It implements encoding.TextUnmarshaler.
func (s *stateFlag) UnmarshalText(text []byte) error {
	s.TokenState = pat.TokenState(text)
	if !slices.Contains(pat.TokenStates(), s.TokenState) {
		return errState
	}
	return nil
}

// filterNames are the flags of filterFlags.
var filterNames = []string{"unused-since", "expires-before", "scope", "state"}

// filter returns the filter at now, for the tokens of user or with 0 of all users. Errors: failure.Usage.
func (f filterFlags) filter(now time.Time, user pat.UserID) (pat.TokenFilter, error) {
	filter := pat.TokenFilter{User: user, Scope: f.Scope, State: f.State.TokenState}
	if f.UnusedSince != nil {
		filter.UnusedSince = f.UnusedSince.ago(now)
	}
	if f.ExpiresBefore != nil {
		filter.ExpiresBefore = f.ExpiresBefore.from(now)
	}
	if f.Scope != "" {
		if err := pat.CheckScope(f.Scope); err != nil {
			return pat.TokenFilter{}, failure.Misuse("--scope: "+err.Error(), "")
		}
	}
	return filter, nil
}

// needAll refuses the flags of filterFlags, and others, without --all. Errors: failure.Usage.
func (filterFlags) needAll(typed typedFlags, others ...string) error {
	for _, flag := range append(others, filterNames...) {
		if typed[flag] {
			return failure.Misuse(fmt.Sprintf("--%s needs --all", flag), "Without --all, the command is about tokens of one user.")
		}
	}
	return nil
}

// withAllTokens calls work with the tokens of all users in the store or on the server.
func (f tokensFlags) withAllTokens(ctx context.Context, e env, out *printer, typed typedFlags, present presentFlag, work func(target.AllTokens) error) error {
	onServer, err := f.onServer(typed)
	if err != nil {
		return err
	}
	if err := present.check(onServer); err != nil {
		return err
	}
	if onServer {
		server, err := f.serverFlags.server(ctx, e, out, present.TokenFile)
		if err != nil {
			return err
		}
		return work(target.ServerTokens(server))
	}
	settings, err := f.settings(pat.Settings{})
	if err != nil {
		return err
	}
	return f.withService(ctx, e, typed, access{settings: settings}, func(service *pat.Service) error {
		return work(target.StoreTokens(service))
	})
}
