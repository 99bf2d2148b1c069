package dynamostore

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// The forms of the items that are read: every attribute, with a value of its type, and the format if there is one. Each is made when it
// is first used, since a Lambda reads few kinds of items.
var (
	firstForm  = sync.OnceValue(func() values { return accountForm(accountItem{Format: firstFormat}, tokenItem{Keyed: true}) })
	scopesForm = sync.OnceValue(func() values {
		return accountForm(
			accountItem{Format: scopesFormat, AccountType: "-", Login: "-", RoleBefore: 1, SessionsFrom: 1},
			tokenItem{Keyed: true, Scopes: new(string), Maker: "1 1", Ancestors: "1", RotatedAt: 1, Replaced: "-"})
	})
	seenForm = sync.OnceValue(func() values {
		return formOf(seenItem{key: seenKey(0), Format: firstFormat, Seen: map[pat.TokenID]int64{}})
	})
	directoryForm = sync.OnceValue(func() values { return formOf(directoryItem{Format: firstFormat}) })
	importedForm  = sync.OnceValue(func() values { return formOf(importedItem{Format: firstFormat}) })
	uniqueForm    = sync.OnceValue(func() values { return formOf(uniqueItem{}) })
	adminsForm    = sync.OnceValue(func() values { return formOf(adminsItem{}) })
)

// accountForm returns the form of accounts with the attributes of account and token.
func accountForm(account accountItem, token tokenItem) values {
	account.key, account.Tokens, account.Spent = accountKey(0), []tokenItem{token}, make([]spentItem, 1)
	return formOf(account)
}

func formOf(item any) values {
	form, _ := attributevalue.MarshalMap(item)
	return form
}

var (
	errAccountType = errors.New("its type of account is unknown")
	errFormat      = errors.New("this version of the program does not know its format")
	errNumber      = errors.New("a number is not whole or too large")
	errIDs         = errors.New("IDs are not numbers with a space between two")
)

// decode decodes an item of this form. An attribute that is missing, unknown or of another type is an error: it never becomes an empty
// value, and the next write loses nothing that is stored. Errors: KindInternal.
func decode[T any](raw, form values) (T, error) {
	var item, none T
	if n := numberOf(raw["format"]); n != "" && n != numberOf(form["format"]) {
		return none, unreadable(raw, errFormat)
	}
	if names := mismatchedAttributes(raw, form); len(names) > 0 {
		return none, unreadable(raw, fmt.Errorf("missing, unknown or of another type: %q", names))
	}
	if attributevalue.UnmarshalMap(raw, &item) != nil {
		return none, unreadable(raw, errNumber)
	}
	return item, nil
}

// mismatchedAttributes returns the names of the attributes that are missing from raw, unknown, or of another type than in form.
func mismatchedAttributes(raw, form values) []string {
	var names []string
	for name := range form {
		if raw[name] == nil && optional(name) {
			continue
		}
		if !fits(raw[name], form[name]) {
			names = append(names, name)
		}
	}
	for name := range raw {
		if form[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// optional reports whether items can lack the attribute. Most do, to save space.
func optional(name string) bool {
	return slices.Contains([]string{"accountType", "spent", "keyed", "maker", "ancestors", "rotatedAt", "replaced", "login", "roleBefore", "sessionsFrom"}, name)
}

func fits(value, form types.AttributeValue) bool {
	switch form := form.(type) {
	case *types.AttributeValueMemberM:
		value, ok := value.(*types.AttributeValueMemberM)
		return ok && fitsMap(value.Value, form.Value)
	case *types.AttributeValueMemberL:
		value, ok := value.(*types.AttributeValueMemberL)
		return ok && !slices.ContainsFunc(value.Value, func(v types.AttributeValue) bool { return !fits(v, form.Value[0]) })
	}
	return reflect.TypeOf(value) == reflect.TypeOf(form)
}

// fitsMap takes an empty form to mean a map from IDs to numbers.
func fitsMap(value, form values) bool {
	if len(form) > 0 {
		return len(mismatchedAttributes(value, form)) == 0
	}
	for _, v := range value {
		if _, ok := v.(*types.AttributeValueMemberN); !ok {
			return false
		}
	}
	return true
}

// unreadable returns an error that names the item, but none of its values.
func unreadable(raw values, cause error) error {
	return internal(fmt.Errorf("item pk %q, sk %q cannot be read: %w", textOf(raw["pk"]), textOf(raw["sk"]), cause))
}
