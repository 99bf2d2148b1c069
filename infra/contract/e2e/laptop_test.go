package e2e_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"pats/infra/contract/e2e"
	"pats/infra/testkit/partners"
	"pats/pkg/gateway"
	"pats/pkg/laptop/laptoptest"
	"pats/pkg/pat"
)

// laptopFront is the API of the template behind the laptop gateway, as in `pats serve`.
type laptopFront struct {
	target    e2e.Target
	store     *cuttable
	functions gateway.Functions
}

// cuttable is a store that can be made unreachable.
type cuttable struct {
	pat.Store
	off atomic.Bool
}

var errCut = errors.New("the line is cut")

func (s *cuttable) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	if s.off.Load() {
		return pat.Account{}, pat.Unavailable(errCut)
	}
	return s.Store.Account(ctx, id)
}

func newLaptop(t *testing.T, parameters map[string]string) laptopFront {
	t.Helper()
	bolt := laptoptest.NewStore(t)
	// The name is that of each test's Viewer, since on other fronts tests share the table.
	standing := pat.Account{Profile: pat.Profile{Username: "standing", Name: "Vera", Role: pat.Admin}, CreatedAt: time.Now(), NextTokenID: 1}
	if _, err := bolt.CreateAccount(t.Context(), standing); err != nil {
		t.Fatal(err)
	}
	store := &cuttable{Store: bolt}
	partners, accepting := newPartners(t, rand.Text())
	maps.Copy(accepting, parameters)
	server := laptoptest.Serve(t, store, laptoptest.Options{Parameters: accepting})
	return laptopFront{
		target:    e2e.Target{Front: e2e.Laptop, URL: server.URL, Store: store, AdminToken: server.AdminToken, Partners: partners},
		store:     store,
		functions: server.Functions,
	}
}

// newPartners returns partners and the parameters that accept their reports.
func newPartners(t *testing.T, seed string) (partners.Partners, map[string]string) {
	t.Helper()
	made, err := partners.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := made.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	return made, parameters
}

func TestLaptopGateway(t *testing.T) {
	t.Parallel()
	e2e.Run(t, newLaptop(t, nil).target)
}

func TestKillSwitch(t *testing.T) {
	t.Parallel()
	e2e.RunSwitchedOff(t, newLaptop(t, map[string]string{"PatsEnabled": "false"}).target)
}

func TestWithoutPartners(t *testing.T) {
	t.Parallel()
	e2e.RunWithoutPartners(t, newLaptop(t, map[string]string{"GitHubKeys": "", "GitLabTokenHash": ""}).target)
}

func TestTokensWithPats(t *testing.T) {
	t.Parallel()
	e2e.RunWithPats(t, newLaptop(t, map[string]string{"TokenPrefix": "pats_"}).target)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	e2e.RunCORS(t, newLaptop(t, map[string]string{"CorsOrigin": e2e.CORSOrigin}).target)
}

func TestStoreOutOfReach(t *testing.T) {
	t.Parallel()
	laptop := newLaptop(t, nil)
	e2e.RunOutage(t, laptop.target, laptop.store.off.Store)
}
