package dynamostore

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// The forms of the items that are read: each attribute with a value of the right type.
var (
	accountForm   = formOf(accountItem{key: accountKey(0), Format: format, Tokens: []tokenItem{{Keyed: true}}, Spent: make([]spentItem, 1)})
	seenForm      = formOf(seenItem{key: seenKey(0), Format: format, Seen: map[pat.TokenID]int64{}})
	directoryForm = formOf(directoryItem{})
	importedForm  = formOf(importedItem{})
	uniqueForm    = formOf(uniqueItem{})
	adminsForm    = formOf(adminsItem{})
)

func formOf(item any) values {
	form, _ := attributevalue.MarshalMap(item)
	return form
}

var (
	errFormat = errors.New("its format is not known to this version of the program")
	errNumber = errors.New("a number is not whole or too large")
)

// decode reads an item that has form. A missing or unknown attribute, and one of another type, is an error, never an empty
// value, and nothing that is stored gets lost by the next write. Errors: KindInternal.
func decode[T any](raw, form values) (T, error) {
	var item, none T
	if n, ok := raw["format"].(*types.AttributeValueMemberN); ok && n.Value != strconv.Itoa(format) {
		return none, unreadable(raw, errFormat)
	}
	if names := misfits(raw, form); len(names) > 0 {
		return none, unreadable(raw, fmt.Errorf("missing, unknown or of another type: %q", names))
	}
	if attributevalue.UnmarshalMap(raw, &item) != nil {
		return none, unreadable(raw, errNumber)
	}
	return item, nil
}

// misfits names the attributes in which raw has another form.
func misfits(raw, form values) []string {
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

// optional names the attributes that most items do without, so that they cost nothing.
func optional(name string) bool { return name == "spent" || name == "keyed" }

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

// fitsMap takes an empty form for that of a map from ids to numbers.
func fitsMap(value, form values) bool {
	if len(form) > 0 {
		return len(misfits(value, form)) == 0
	}
	for _, v := range value {
		if _, ok := v.(*types.AttributeValueMemberN); !ok {
			return false
		}
	}
	return true
}

// unreadable names the item and says nothing of what it holds.
func unreadable(raw values, cause error) error {
	return internal(fmt.Errorf("item pk %q, sk %q cannot be read: %w", textOf(raw["pk"]), textOf(raw["sk"]), cause))
}
