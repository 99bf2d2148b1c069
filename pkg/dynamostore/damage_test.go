package dynamostore_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// stored has the key of each item that the store reads, and a read of it.
var stored = []struct {
	pk, sk string
	read   func(*testing.T, *fixture) error
}{
	{"USER#1", "ACCOUNT", readUser},
	{"USER#1", "SEEN", readUser},
	{"DIRECTORY", "0000000000000000001", readDirectory},
	{"UNIQUE#username:ann", "OWNER", readOwner},
	{"SYSTEM", "ADMINS", readAdmins},
	{"TOKEN#" + string(foreign().Selector()), "OWNER", readImported},
}

func readImported(t *testing.T, f *fixture) error {
	t.Helper()
	id, err := f.store.LookUp(t.Context(), foreign().Selector())
	equal(t, "user", id, 0)
	return err
}

func readOwner(t *testing.T, f *fixture) error {
	t.Helper()
	id, err := f.store.FindUser(t.Context(), "username:ann")
	equal(t, "user", id, 0)
	return err
}

func readAdmins(t *testing.T, f *fixture) error {
	t.Helper()
	count, err := f.store.CountAdmins(t.Context())
	equal(t, "enabled Admins", count, 0)
	return err
}

func readUser(t *testing.T, f *fixture) error {
	t.Helper()
	account, err := f.store.Account(t.Context(), 1)
	equal(t, "account", account, pat.Account{})
	return err
}

func readDirectory(t *testing.T, f *fixture) error {
	t.Helper()
	accounts, err := f.store.Accounts(t.Context(), 0, 10)
	equal(t, "accounts", len(accounts), 0)
	return err
}

// TestDamagedItem damages each attribute in turn. No damaged item is read, and the error names the item but none of its values.
func TestDamagedItem(t *testing.T) {
	t.Parallel()
	for _, at := range stored {
		t.Run(at.sk, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			h := f.holder(t)
			if _, err := f.service.Authenticate(t.Context(), h.Secret); err != nil {
				t.Fatal(err)
			}
			if err := f.bring(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.spend(t, h)
			whole := f.read(t, at.pk, at.sk)
			damages := spoil(whole)
			if len(damages) < 5*len(whole)-10 {
				t.Fatalf("only %d damages of %d attributes", len(damages), len(whole))
			}
			for name, damaged := range damages {
				f.write(t, damaged)
				wantDamage(t, name, at.read(t, f), at.pk)
			}
		})
	}
}

// spend adds to the account what idempotency keys leave, a mark on a token and the remains of a revoked one, and what narrows a token.
func (f *fixture) spend(t *testing.T, h pattest.Holder) {
	t.Helper()
	before := pattest.Read(t, f.store, h.Account.ID)
	after := before
	after.Tokens = slices.Clone(before.Tokens)
	token := &after.Tokens[0]
	token.Keyed, token.Scopes, token.Maker, token.Ancestors = true, pattest.Scopes(t, "orders:read"), pat.Maker{User: 2, Token: 3}, []pat.TokenID{3, 1}
	after.Spent = []pat.Spent{{Selector: h.Token.Selector, Verifier: h.Token.Verifier, Until: pattest.Start}}
	if err := f.store.ReplaceAccount(t.Context(), before, after); err != nil {
		t.Fatal(err)
	}
}

func wantDamage(t *testing.T, name string, err error, pk string) {
	t.Helper()
	if err == nil || pat.KindOf(err) != pat.KindInternal {
		t.Errorf("%s: got %v, want kind %d", name, err, pat.KindInternal)
		return
	}
	if !strings.Contains(err.Error(), fmt.Sprintf("%q", pk)) {
		t.Errorf("%s: the error does not name %s: %v", name, pk, err)
	}
	for _, content := range []string{"@example.org", "AAAAAAAAAAF", "A secret"} {
		if strings.Contains(err.Error(), content) {
			t.Errorf("%s: the error quotes %q: %v", name, content, err)
		}
	}
}

// spoil returns every variant of whole in which one attribute, at any depth, is missing, of another type, or unknown, and those with
// another format or with a number outside the domain. The key stays.
func spoil(whole item) map[string]item {
	damages := map[string]item{
		"format 3": with(whole, "format", &types.AttributeValueMemberN{Value: "3"}),
	}
	for name, value := range whole {
		if name == "pk" || name == "sk" {
			continue
		}
		for what, other := range spoilMember(name, value) {
			damages[name+": "+what] = with(whole, name, other)
		}
	}
	damages["another attribute"] = with(whole, "other", &types.AttributeValueMemberS{Value: "A secret"})
	return damages
}

// with returns whole with another value, or without the attribute if value is nil.
func with(whole item, name string, value types.AttributeValue) item {
	changed := maps.Clone(whole)
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return changed
}

// spoilMember leaves out the variant without an attribute that is optional.
func spoilMember(name string, value types.AttributeValue) map[string]types.AttributeValue {
	others := spoilValue(value)
	if !slices.Contains([]string{"spent", "keyed", "maker", "ancestors"}, name) {
		others["missing"] = nil
	}
	return others
}

func spoilValue(value types.AttributeValue) map[string]types.AttributeValue {
	others := map[string]types.AttributeValue{
		"null":   &types.AttributeValueMemberNULL{Value: true},
		"binary": &types.AttributeValueMemberB{Value: []byte("A secret")},
		"set":    &types.AttributeValueMemberSS{Value: []string{"A secret"}},
	}
	switch value := value.(type) {
	case *types.AttributeValueMemberN:
		others["text"] = &types.AttributeValueMemberS{Value: "A secret"}
		others["fraction"] = &types.AttributeValueMemberN{Value: "1.5"}
		others["too large"] = &types.AttributeValueMemberN{Value: "1e30"}
	case *types.AttributeValueMemberS:
		others["number"] = &types.AttributeValueMemberN{Value: "7"}
	case *types.AttributeValueMemberBOOL:
		others["text"] = &types.AttributeValueMemberS{Value: "true"}
	case *types.AttributeValueMemberL:
		for what, inner := range spoilElement(value.Value[0]) {
			others["element: "+what] = &types.AttributeValueMemberL{Value: []types.AttributeValue{inner}}
		}
	case *types.AttributeValueMemberM:
		others["value: null"] = &types.AttributeValueMemberM{Value: item{"1": &types.AttributeValueMemberNULL{Value: true}}}
		others["value: text"] = &types.AttributeValueMemberM{Value: item{"1": &types.AttributeValueMemberS{Value: "A secret"}}}
		others["key: text"] = &types.AttributeValueMemberM{Value: item{"A secret": &types.AttributeValueMemberN{Value: "1"}}}
	}
	return others
}

func spoilElement(element types.AttributeValue) map[string]types.AttributeValue {
	others := map[string]types.AttributeValue{"text": &types.AttributeValueMemberS{Value: "A secret"}}
	whole, _ := element.(*types.AttributeValueMemberM)
	for name, value := range whole.Value {
		for what, other := range spoilMember(name, value) {
			others[name+": "+what] = &types.AttributeValueMemberM{Value: with(whole.Value, name, other)}
		}
	}
	others["one too many"] = &types.AttributeValueMemberM{Value: with(whole.Value, "other", &types.AttributeValueMemberN{Value: "7"})}
	return others
}

// TestForeignItems checks that unknown items in a user's partition are ignored.
func TestForeignItems(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	f.write(t, keyOf("USER#1", "OTHER"))
	equal(t, "account", pattest.Read(t, f.store, 1), h.Account)
}

// TestForeignGuard checks that deleting a user does not free a username that is recorded for another user.
func TestForeignGuard(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	editor := f.editor(t, "bob")
	guard := f.read(t, "UNIQUE#username:bob", "OWNER")
	guard["userId"] = &types.AttributeValueMemberN{Value: "99"}
	f.write(t, guard)
	pattest.WantKind(t, f.store.DeleteAccount(t.Context(), editor), pat.KindInternal)
	equal(t, "account", pattest.Read(t, f.store, editor.ID), editor)
	if got := f.read(t, "UNIQUE#username:bob", "OWNER"); !reflect.DeepEqual(got, guard) {
		t.Errorf("got guard %v, want %v", got, guard)
	}
}
