package pattest

import (
	"context"
	"errors"
	"sync"
	"time"

	"pats/pkg/pat"
)

// Call names a method of pat.Store.
type Call string

// The methods of pat.Store.
const (
	CallAccount            Call = "Account"
	CallAccounts           Call = "Accounts"
	CallAccountsWithTokens Call = "AccountsWithTokens"
	CallFindUser           Call = "FindUser"
	CallCountAdmins        Call = "CountAdmins"
	CallCreateAccount      Call = "CreateAccount"
	CallReplaceAccount     Call = "ReplaceAccount"
	CallDeleteAccount      Call = "DeleteAccount"
	CallReserveUserIDs     Call = "ReserveUserIDs"
	CallImportAccount      Call = "ImportAccount"
	CallLookUp             Call = "LookUp"
	CallMarkSeen           Call = "MarkSeen"
)

var errLost = errors.New("the response was lost")

// Faulty is a Store that counts its calls and fails on demand. It is safe for concurrent use.
type Faulty struct {
	store pat.Store
	mu    sync.Mutex
	plans map[Call][]plan
	made  map[Call]int
}

// plan is the outcome of one call.
type plan struct {
	before func()
	refuse error
	lose   bool
}

// NewFaulty returns a Store that passes calls to store until it is told otherwise.
func NewFaulty(store pat.Store) *Faulty {
	return &Faulty{store: store, plans: map[Call][]plan{}, made: map[Call]int{}}
}

// Refuse makes the next calls fail with err, this number of times, without reaching the store.
func (f *Faulty) Refuse(call Call, times int, err error) {
	for range times {
		f.plan(call, plan{refuse: err})
	}
}

// LoseResponse makes the next call take effect in the store but fail with KindUnavailable.
func (f *Faulty) LoseResponse(call Call) { f.plan(call, plan{lose: true}) }

// Before calls do ahead of the next call, as if another caller were faster.
func (f *Faulty) Before(call Call, do func()) { f.plan(call, plan{before: do}) }

// Count returns the number of calls.
func (f *Faulty) Count(call Call) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.made[call]
}

// Forget sets every count to zero.
func (f *Faulty) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.made)
}

func (f *Faulty) plan(call Call, p plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans[call] = append(f.plans[call], p)
}

// next counts the call and returns its plan.
func (f *Faulty) next(call Call) plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[call]++
	if len(f.plans[call]) == 0 {
		return plan{}
	}
	p := f.plans[call][0]
	f.plans[call] = f.plans[call][1:]
	return p
}

func (f *Faulty) do(call Call, work func() error) error {
	p := f.next(call)
	if p.before != nil {
		p.before()
	}
	if p.refuse != nil {
		return p.refuse
	}
	err := work()
	if p.lose {
		return pat.Unavailable(errors.Join(errLost, err))
	}
	return err
}

// Account calls the store, or fails as planned.
func (f *Faulty) Account(ctx context.Context, id pat.UserID) (account pat.Account, err error) {
	err = f.do(CallAccount, func() error { account, err = f.store.Account(ctx, id); return err })
	return account, err
}

// Accounts calls the store, or fails as planned.
func (f *Faulty) Accounts(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) (accounts []pat.Account, err error) {
	err = f.do(CallAccounts, func() error { accounts, err = f.store.Accounts(ctx, after, limit, of...); return err })
	return accounts, err
}

// AccountsWithTokens calls the store, or fails as planned.
func (f *Faulty) AccountsWithTokens(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) (accounts []pat.Account, next pat.UserID, err error) {
	err = f.do(CallAccountsWithTokens, func() error {
		accounts, next, err = f.store.AccountsWithTokens(ctx, after, limit, of...)
		return err
	})
	return accounts, next, err
}

// FindUser calls the store, or fails as planned.
func (f *Faulty) FindUser(ctx context.Context, key string) (id pat.UserID, err error) {
	err = f.do(CallFindUser, func() error { id, err = f.store.FindUser(ctx, key); return err })
	return id, err
}

// CountAdmins calls the store, or fails as planned.
func (f *Faulty) CountAdmins(ctx context.Context) (count int, err error) {
	err = f.do(CallCountAdmins, func() error { count, err = f.store.CountAdmins(ctx); return err })
	return count, err
}

// CreateAccount calls the store, or fails as planned.
func (f *Faulty) CreateAccount(ctx context.Context, draft pat.Account) (account pat.Account, err error) {
	err = f.do(CallCreateAccount, func() error { account, err = f.store.CreateAccount(ctx, draft); return err })
	return account, err
}

// ReplaceAccount calls the store, or fails as planned.
func (f *Faulty) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	return f.do(CallReplaceAccount, func() error { return f.store.ReplaceAccount(ctx, before, after) })
}

// DeleteAccount calls the store, or fails as planned.
func (f *Faulty) DeleteAccount(ctx context.Context, account pat.Account) error {
	return f.do(CallDeleteAccount, func() error { return f.store.DeleteAccount(ctx, account) })
}

// ReserveUserIDs calls the store, or fails as planned.
func (f *Faulty) ReserveUserIDs(ctx context.Context, last pat.UserID) error {
	return f.do(CallReserveUserIDs, func() error { return f.store.ReserveUserIDs(ctx, last) })
}

// ImportAccount calls the store, or fails as planned.
func (f *Faulty) ImportAccount(ctx context.Context, before, after pat.Account) error {
	return f.do(CallImportAccount, func() error { return f.store.ImportAccount(ctx, before, after) })
}

// CheckSize calls the store.
func (f *Faulty) CheckSize(account pat.Account) error { return f.store.CheckSize(account) }

// LookUp calls the store, or fails as planned.
func (f *Faulty) LookUp(ctx context.Context, selector pat.Selector) (id pat.UserID, err error) {
	err = f.do(CallLookUp, func() error { id, err = f.store.LookUp(ctx, selector); return err })
	return id, err
}

// MarkSeen calls the store, or fails as planned.
func (f *Faulty) MarkSeen(ctx context.Context, account pat.Account, token pat.TokenID, at time.Time) error {
	return f.do(CallMarkSeen, func() error { return f.store.MarkSeen(ctx, account, token, at) })
}

// Hanging is a Store whose Account blocks until the context is done. It has no other methods.
type Hanging struct{ pat.Store }

// Account returns when ctx is done.
func (Hanging) Account(ctx context.Context, _ pat.UserID) (pat.Account, error) {
	<-ctx.Done()
	return pat.Account{}, pat.Unavailable(ctx.Err())
}
