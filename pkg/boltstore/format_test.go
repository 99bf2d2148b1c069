package boltstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// formatOf returns the format of a closed data file.
func formatOf(t *testing.T, path string) (format int) {
	t.Helper()
	if err := boltstore.Change(path, func(tx *bolt.Tx) (err error) {
		format, err = boltstore.FormatOf(tx)
		return err
	}); err != nil {
		t.Fatalf("reading the format: %v", err)
	}
	return format
}

// TestFormatRisesWithTheFirstWriteThatNeedsIt: a file stays readable for earlier releases until it has a token that they would misread.
func TestFormatRisesWithTheFirstWriteThatNeedsIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pat.Token)
		want   int
	}{
		"unscoped":  {func(*pat.Token) {}, 2},
		"scopes":    {func(k *pat.Token) { k.Scopes = pattest.Scopes(t, "orders:read") }, 3},
		"no scopes": {func(k *pat.Token) { k.Scopes = pat.Scopes{} }, 3},
		"a maker":   {func(k *pat.Token) { k.Maker = pat.Maker{User: 1} }, 3},
		"ancestors": {func(k *pat.Token) { k.Ancestors = []pat.TokenID{1} }, 3},
		"rotated": {func(k *pat.Token) {
			k.RotatedAt, k.Replaced = pattest.Start, pat.Replaced{Selector: k.Selector, Until: pattest.Start}
		}, 3},
	} {
		for door, write := range map[string]func(*boltstore.Store, pat.Account, pat.Account) error{
			"ReplaceAccount": func(store *boltstore.Store, before, after pat.Account) error {
				return store.ReplaceAccount(t.Context(), before, after)
			},
			"ImportAccount": func(store *boltstore.Store, before, after pat.Account) error {
				return store.ImportAccount(t.Context(), before, after)
			},
		} {
			t.Run(name+", "+door, func(t *testing.T) {
				t.Parallel()
				path := dataFile(t)
				store := openLoose(t, path)
				holder := pattest.NewHolder(t, store, pat.NewService(store, pat.Settings{}, pattest.Env(pattest.NewClock())), pattest.Profile("ann", pat.Admin))
				after := holder.Account
				token := holder.Token
				token.ID, token.Selector = 2, "AAAAAAAAAAEAAAAAAAAAAA"
				c.change(&token)
				after.Tokens, after.NextTokenID = append(after.Tokens, token), 3
				if err := errors.Join(write(store, holder.Account, after), store.Close()); err != nil {
					t.Fatal(err)
				}
				if got := formatOf(t, path); got != c.want {
					t.Errorf("got format %d, want %d", got, c.want)
				}
			})
		}
	}
}

// TestServiceAccountRaisesTheFormat: releases that know no service accounts refuse a file with one.
func TestServiceAccountRaisesTheFormat(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	store := openLoose(t, path)
	service := pattest.Service(t, store, "ci", pat.Viewer)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := formatOf(t, path); got != 3 || !isSound(t, path) {
		t.Errorf("got format %d, want a sound file of format 3", got)
	}
	reopened := open(t, path)
	if got := pattest.Read(t, reopened, service.ID); got.Type != pat.ServiceAccount {
		t.Errorf("after reopening: got type %v, want %v", got.Type, pat.ServiceAccount)
	}
}

// TestFormatIsNotLowered: revoking the last scoped token keeps the format, and the file opens.
func TestFormatIsNotLowered(t *testing.T) {
	t.Parallel()
	path := dataFile(t)
	write(t, path, read(t, "testdata/formats/3.db"))
	store := openLoose(t, path)
	before := pattest.Read(t, store, 3)
	after := before
	after.Tokens = before.Tokens[:1]
	if err := errors.Join(store.ReplaceAccount(t.Context(), before, after), store.Close()); err != nil {
		t.Fatal(err)
	}
	if got := formatOf(t, path); got != 3 || !isSound(t, path) {
		t.Errorf("got format %d, want a sound file of format 3", got)
	}
}

// TestScopesMustFitTheFormat puts tokens into a file of each format: one with members that the format lacks, or with scopes that no
// Store wrote, is damage.
func TestScopesMustFitTheFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format int
		member string
		sound  bool
	}{
		{2, `"keyed":true`, true},
		{2, `"scopes":"a b"`, false},
		{2, `"scopes":""`, false},
		{2, `"maker":{"user":1}`, false},
		{2, `"ancestors":[1]`, false},
		{3, `"scopes":"a b","maker":{"user":1,"token":1},"ancestors":[1]`, true},
		{3, `"scopes":""`, true},
		{3, `"scopes":"b a"`, false},
		{3, `"scopes":"a  b"`, false},
		{3, `"scopes":"a,b"`, false},
		{3, `"scopes":["a"]`, false},
		{3, `"ancestors":"1"`, false},
	} {
		t.Run(fmt.Sprintf("format %d with %s", c.format, c.member), func(t *testing.T) {
			t.Parallel()
			path := dataFile(t)
			err := errors.Join(boltstore.CreateSmall(path), boltstore.Change(path, func(tx *bolt.Tx) error {
				record := `{"username":"user-0","name":"Name of user-0","email":"user-0@example.org","role":1,"nextToken":3,"tokens":[{"id":2,` + c.member + `}]}`
				return errors.Join(fill(tx, 1), boltstore.Put(tx, "meta", []byte("format"), c.format),
					boltstore.Put(tx, "accounts", boltstore.UserKey(1), json.RawMessage(record)))
			}))
			if err != nil {
				t.Fatal(err)
			}
			if c.sound {
				if err := openLoose(t, path).Close(); err != nil {
					t.Error(err)
				}
			} else if !outcome(t, path, nil) {
				t.Error("the file was accepted")
			}
		})
	}
}
