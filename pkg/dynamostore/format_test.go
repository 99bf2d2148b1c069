package dynamostore_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// Parts of old items.
const (
	selector = "AAAAAAAAAAdXcD5fWK8TNg"
	verifier = "E8PfnI4zA72LPtGba8DCH6Q5QVWjkw_beM6_0gvw3NE"
	start    = 1767323045678 // pattest.Start
	// oldReplaced lacks whether the secret is keyed.
	oldReplaced = selector + " " + verifier + " 1767323045678 1767323045679 1767323045681"
)

// oldAccount returns the ACCOUNT item of user 7 in a format, as the first release with that format wrote it.
func oldAccount(t *testing.T, format int, tokens ...map[string]any) item {
	t.Helper()
	raw, err := attributevalue.MarshalMap(map[string]any{
		"pk": "USER#7", "sk": "ACCOUNT", "format": format, "username": "ann", "name": "Ann", "email": "ann@example.org", "rootRole": 2,
		"disabled": false, "createdAt": start, "nextTokenId": 9, "version": 5, "tokens": tokens,
		"spent": []any{map[string]any{"selector": selector, "verifier": verifier, "until": start}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// oldToken returns a token of an old item, with members beside those of the first format.
func oldToken(id int, members map[string]any) map[string]any {
	token := map[string]any{"id": id, "description": "ci", "selector": selector, "verifier": verifier, "createdAt": start, "expiresAt": start + 1}
	maps.Copy(token, members)
	return token
}

// TestOldItems reads items of every format. They stay readable for ever: never change them here.
func TestOldItems(t *testing.T) {
	t.Parallel()
	plain := pat.Token{Description: "ci", Scopes: pat.Unscoped(), Selector: selector, Verifier: verifier, CreatedAt: pattest.Start, ExpiresAt: pattest.Start.Add(1e6)}
	replaced := pat.Replaced{
		Selector: selector, Verifier: verifier, IssuedAt: pattest.Start, ExpiresAt: pattest.Start.Add(1e6), Until: pattest.Start.Add(3e6),
	}
	account := func(change ...func(*pat.Token)) pat.Account {
		a := pat.Account{
			ID: 7, Profile: pat.Profile{Username: "ann", Name: "Ann", Email: "ann@example.org", Role: pat.Editor}, CreatedAt: pattest.Start,
			NextTokenID: 9, Version: 5, Spent: []pat.Spent{{Selector: selector, Verifier: verifier, Until: pattest.Start}},
		}
		for i, change := range change {
			token := plain
			token.ID = pat.TokenID(i + 1)
			change(&token)
			a.Tokens = append(a.Tokens, token)
		}
		return a
	}
	service := func(a pat.Account) pat.Account {
		a.Type = pat.ServiceAccount
		return a
	}
	for name, c := range map[string]struct {
		stored item
		want   pat.Account
	}{
		"format 1": {
			oldAccount(t, 1, oldToken(1, nil), oldToken(2, map[string]any{"keyed": true})),
			account(func(*pat.Token) {}, func(k *pat.Token) { k.Keyed = true }),
		},
		"format 2": {
			oldAccount(t, 2,
				oldToken(1, map[string]any{"scopes": "*"}),
				oldToken(2, map[string]any{"scopes": "orders:read pats:write", "maker": "7 1", "ancestors": "1"}),
				oldToken(3, map[string]any{"scopes": ""}),
				oldToken(4, map[string]any{"scopes": "*", "maker": "9 0", "keyed": true}),
				oldToken(5, map[string]any{"scopes": "a", "maker": "7 4", "ancestors": "4 2 1"}),
				oldToken(6, map[string]any{"scopes": "*", "rotatedAt": start + 2, "replaced": oldReplaced + " 0"}),
				oldToken(7, map[string]any{"scopes": "*", "rotatedAt": start + 2, "replaced": oldReplaced + " 1", "keyed": true})),
			account(
				func(*pat.Token) {},
				func(k *pat.Token) {
					k.Scopes, k.Maker, k.Ancestors = pattest.Scopes(t, "orders:read", "pats:write"), pat.Maker{User: 7, Token: 1}, []pat.TokenID{1}
				},
				func(k *pat.Token) { k.Scopes = pat.Scopes{} },
				func(k *pat.Token) { k.Maker, k.Keyed = pat.Maker{User: 9}, true },
				func(k *pat.Token) {
					k.Scopes, k.Maker, k.Ancestors = pattest.Scopes(t, "a"), pat.Maker{User: 7, Token: 4}, []pat.TokenID{4, 2, 1}
				},
				func(k *pat.Token) { k.RotatedAt, k.Replaced = pattest.Start.Add(2e6), replaced },
				func(k *pat.Token) {
					k.RotatedAt, k.Replaced, k.Keyed = pattest.Start.Add(2e6), replaced, true
					k.Replaced.Keyed = true
				}),
		},
		"format 2, a service account": {
			with(oldAccount(t, 2, oldToken(1, map[string]any{"scopes": "*"})), "accountType", &types.AttributeValueMemberS{Value: "Service"}),
			service(account(func(*pat.Token) {})),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.write(t, c.stored)
			equal(t, "account", pattest.Read(t, f.store, 7), c.want)
		})
	}
}

// TestFormatOfItems: only an account that earlier releases would misread is written in the second format, and in the first one again
// without such tokens.
func TestFormatOfItems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pat.Token)
		want   string
	}{
		"unscoped":  {func(*pat.Token) {}, "1"},
		"scopes":    {func(k *pat.Token) { k.Scopes = pattest.Scopes(t, "orders:read") }, "2"},
		"no scopes": {func(k *pat.Token) { k.Scopes = pat.Scopes{} }, "2"},
		"a maker":   {func(k *pat.Token) { k.Maker = pat.Maker{User: 1} }, "2"},
		"ancestors": {func(k *pat.Token) { k.Ancestors = []pat.TokenID{1} }, "2"},
		"rotated": {func(k *pat.Token) {
			k.RotatedAt, k.Replaced = pattest.Start, pat.Replaced{Selector: k.Selector, Verifier: k.Verifier, Until: pattest.Start}
		}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			before := f.holder(t).Account
			after := before
			token := before.Tokens[0]
			token.ID = 2
			c.change(&token)
			after.Tokens, after.NextTokenID = []pat.Token{before.Tokens[0], token}, 3
			if err := f.store.ReplaceAccount(t.Context(), before, after); err != nil {
				t.Fatal(err)
			}
			for at, want := range map[[2]string]string{
				{"USER#1", "ACCOUNT"}: c.want, {"USER#1", "SEEN"}: "1", {"DIRECTORY", "0000000000000000001"}: "1",
			} {
				f.wantFormat(t, at[0], at[1], want)
			}
			after.Version, after.Tokens = after.Version+1, after.Tokens[:1]
			if err := f.store.ReplaceAccount(t.Context(), after, after); err != nil {
				t.Fatal(err)
			}
			f.wantFormat(t, "USER#1", "ACCOUNT", "1")
		})
	}
}

// TestFormatOfServiceAccount: earlier releases refuse a service account, and do not list it.
func TestFormatOfServiceAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pattest.Service(t, f.store, "ci", pat.Viewer)
	f.wantFormat(t, "USER#1", "ACCOUNT", "2")
	f.wantFormat(t, "SERVICES", "0000000000000000001", "1")
	if listed := f.read(t, "DIRECTORY", "0000000000000000001"); listed != nil {
		t.Errorf("got %v among the persons, want no item", listed)
	}
}

// TestMalformedAccountType: an account is read only with a type that the store writes, in a format that has types.
func TestMalformedAccountType(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format int
		stored types.AttributeValue
	}{
		"format 1":          {1, &types.AttributeValueMemberS{Value: "Service"}},
		"an unknown type":   {2, &types.AttributeValueMemberS{Value: "Robot"}},
		"another case":      {2, &types.AttributeValueMemberS{Value: "service"}},
		"that of persons":   {2, &types.AttributeValueMemberS{Value: "User"}},
		"a number":          {2, &types.AttributeValueMemberN{Value: "1"}},
		"null":              {2, &types.AttributeValueMemberNULL{Value: true}},
		"a list":            {2, &types.AttributeValueMemberL{}},
		"Unleash's wording": {2, &types.AttributeValueMemberS{Value: "Service Account"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.write(t, with(oldAccount(t, c.format), "accountType", c.stored))
			account, err := f.store.Account(t.Context(), 7)
			equal(t, "account", account, pat.Account{})
			wantDamage(t, name, err, "USER#7")
		})
	}
}

func (f *fixture) wantFormat(t *testing.T, pk, sk, want string) {
	t.Helper()
	if got, ok := f.read(t, pk, sk)["format"].(*types.AttributeValueMemberN); !ok || got.Value != want {
		t.Errorf("%s %s: got format %v, want %s", pk, sk, got, want)
	}
}

// TestMalformedScopesAndIDs: no text that the store does not write becomes scopes, a maker or ancestors, nor do members that the item's
// format lacks. The error quotes none of it.
func TestMalformedScopesAndIDs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format  int
		members map[string]any
	}{
		"format 1 with scopes":        {1, map[string]any{"scopes": "orders:read"}},
		"format 1, no scopes":         {1, map[string]any{"scopes": ""}},
		"format 1 with a maker":       {1, map[string]any{"maker": "7 1"}},
		"format 1 with ancestors":     {1, map[string]any{"ancestors": "1"}},
		"format 2 without scopes":     {2, nil},
		"a list of scopes":            {2, map[string]any{"scopes": []string{"orders:read"}}},
		"null":                        {2, map[string]any{"scopes": nil}},
		"scopes out of order":         {2, map[string]any{"scopes": "orders:write orders:read"}},
		"scopes with two spaces":      {2, map[string]any{"scopes": "orders:read  orders:write"}},
		"scopes and unscoped":         {2, map[string]any{"scopes": "* orders:read"}},
		"another character":           {2, map[string]any{"scopes": "orders,read"}},
		"a maker of one number":       {2, map[string]any{"scopes": "*", "maker": "7"}},
		"a maker of three numbers":    {2, map[string]any{"scopes": "*", "maker": "7 1 1"}},
		"a maker without a user":      {2, map[string]any{"scopes": "*", "maker": "0 1"}},
		"a maker of other characters": {2, map[string]any{"scopes": "*", "maker": "7 x"}},
		"a negative ancestor":         {2, map[string]any{"scopes": "*", "ancestors": "1 -1"}},
		"a leading zero":              {2, map[string]any{"scopes": "*", "ancestors": "01"}},
		"a space at the end":          {2, map[string]any{"scopes": "*", "ancestors": "1 "}},
		"a number out of range":       {2, map[string]any{"scopes": "*", "ancestors": "99999999999999999999"}},
		"format 1, rotated":           {1, map[string]any{"rotatedAt": start, "replaced": oldReplaced + " 0"}},
		"a rotation without a secret": {2, map[string]any{"scopes": "*", "rotatedAt": start}},
		"a secret without a rotation": {2, map[string]any{"scopes": "*", "replaced": oldReplaced + " 0"}},
		"a text as rotation":          {2, map[string]any{"scopes": "*", "rotatedAt": "1", "replaced": oldReplaced + " 0"}},
		"no mark of a key":            {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": oldReplaced}},
		"another mark of a key":       {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": oldReplaced + " 2"}},
		"more than a secret":          {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": oldReplaced + " 0 0"}},
		"a selector cut off":          {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": oldReplaced[1:] + " 0"}},
		"a time with a plus":          {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": strings.Replace(oldReplaced, " 1", " +1", 1) + " 0"}},
		"an empty replaced secret":    {2, map[string]any{"scopes": "*", "rotatedAt": start, "replaced": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.write(t, oldAccount(t, c.format, oldToken(1, c.members)))
			account, err := f.store.Account(t.Context(), 7)
			equal(t, "account", account, pat.Account{})
			wantDamage(t, name, err, "USER#7")
			if err != nil && strings.Contains(err.Error(), "orders") {
				t.Errorf("the error quotes the scopes: %v", err)
			}
		})
	}
}

// FuzzReadToken: a token is read only if it would be written as it is stored, so nothing unclear becomes an unscoped token.
func FuzzReadToken(f *testing.F) {
	f.Add("*", "", "")
	f.Add("", "7 1", "1")
	f.Add("a b", "7 0", "3 2 1")
	f.Add("b a", "7", "1  2")
	f.Add("* a", "0 0", "01")
	f.Add("\x00", "-1 1", "9223372036854775808")
	f.Fuzz(func(t *testing.T, scopes, maker, ancestors string) {
		token, written, err := dynamostore.ReadToken(scopes, maker, ancestors)
		if stored := [3]string{scopes, maker, ancestors}; err == nil && written != stored {
			t.Errorf("%q was read, but would be written as %q", stored, written)
		}
		if token.Scopes.Unscoped() && scopes != "*" {
			t.Errorf("scopes %q were read as unscoped", scopes)
		}
	})
}

// FuzzReadReplaced: a replaced secret is read only if it would be written as it is stored.
func FuzzReadReplaced(f *testing.F) {
	f.Add(oldReplaced + " 0")
	f.Add(oldReplaced + " 1")
	f.Add("")
	f.Add("- - 0 0 0 0")
	f.Fuzz(func(t *testing.T, stored string) {
		if written, err := dynamostore.ReadReplaced(stored); err == nil && written != stored {
			t.Errorf("%q was read, but would be written as %q", stored, written)
		}
	})
}
