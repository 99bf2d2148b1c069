package dynamostore

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// format is the form of the items that this package reads and writes. Items of another form are refused.
const format = 1

const (
	directoryKey = "DIRECTORY"
	accountSort  = "ACCOUNT"
	seenSort     = "SEEN"
)

// The counters.
var (
	usersKey  = key{PK: "SYSTEM", SK: "USERS"}
	adminsKey = key{PK: "SYSTEM", SK: "ADMINS"}
)

type key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

func (k key) item() map[string]types.AttributeValue {
	return values{"pk": text(k.PK), "sk": text(k.SK)}
}

func userKey(id pat.UserID) string { return "USER#" + strconv.FormatInt(int64(id), 10) }

func accountKey(id pat.UserID) key { return key{PK: userKey(id), SK: accountSort} }

func seenKey(id pat.UserID) key { return key{PK: userKey(id), SK: seenSort} }

func uniqueKey(value string) key { return key{PK: "UNIQUE#" + value, SK: "OWNER"} }

// directorySort has as many digits as the largest int64, so that text sorts as numbers do.
func directorySort(id pat.UserID) string { return fmt.Sprintf("%019d", id) }

type accountItem struct {
	key
	Format int `dynamodbav:"format"`
	profileItem
	NextTokenID int64       `dynamodbav:"nextTokenId"`
	Version     int64       `dynamodbav:"version"`
	Tokens      []tokenItem `dynamodbav:"tokens"`
}

type profileItem struct {
	Username  string `dynamodbav:"username"`
	Name      string `dynamodbav:"name"`
	Email     string `dynamodbav:"email"`
	Role      int    `dynamodbav:"rootRole"`
	Disabled  bool   `dynamodbav:"disabled"`
	CreatedAt int64  `dynamodbav:"createdAt"`
}

type tokenItem struct {
	ID          int64  `dynamodbav:"id"`
	Description string `dynamodbav:"description"`
	Selector    string `dynamodbav:"selector"`
	Verifier    string `dynamodbav:"verifier"`
	CreatedAt   int64  `dynamodbav:"createdAt"`
	ExpiresAt   int64  `dynamodbav:"expiresAt"`
}

// seenItem maps the ids of tokens to the times of their last use.
type seenItem struct {
	key
	Format int                   `dynamodbav:"format"`
	Seen   map[pat.TokenID]int64 `dynamodbav:"seen"`
}

type directoryItem struct {
	key
	Format int `dynamodbav:"format"`
	profileItem
}

type uniqueItem struct {
	key
	UserID int64 `dynamodbav:"userId"`
}

func newAccountItem(a pat.Account) accountItem {
	tokens := make([]tokenItem, len(a.Tokens))
	for i, t := range a.Tokens {
		tokens[i] = newTokenItem(t)
	}
	return accountItem{
		key:         accountKey(a.ID),
		Format:      format,
		profileItem: newProfileItem(a),
		NextTokenID: int64(a.NextTokenID),
		Version:     a.Version,
		Tokens:      tokens,
	}
}

func newProfileItem(a pat.Account) profileItem {
	return profileItem{
		Username:  a.Username,
		Name:      a.Name,
		Email:     a.Email,
		Role:      int(a.Role),
		Disabled:  a.Disabled,
		CreatedAt: a.CreatedAt.UnixMilli(),
	}
}

func newTokenItem(t pat.Token) tokenItem {
	return tokenItem{
		ID:          int64(t.ID),
		Description: t.Description,
		Selector:    string(t.Selector),
		Verifier:    string(t.Verifier),
		CreatedAt:   t.CreatedAt.UnixMilli(),
		ExpiresAt:   t.ExpiresAt.UnixMilli(),
	}
}

func newSeenItem(id pat.UserID) seenItem {
	return seenItem{key: seenKey(id), Format: format, Seen: map[pat.TokenID]int64{}}
}

func newDirectoryItem(a pat.Account) directoryItem {
	return directoryItem{
		key:         key{PK: directoryKey, SK: directorySort(a.ID)},
		Format:      format,
		profileItem: newProfileItem(a),
	}
}

func newUniqueItem(value string, id pat.UserID) uniqueItem {
	return uniqueItem{key: uniqueKey(value), UserID: int64(id)}
}

// readAccount puts the account together from the items of its partition. Errors: KindNotFound, KindInternal.
func readAccount(id pat.UserID, items []map[string]types.AttributeValue) (pat.Account, error) {
	var account *accountItem
	var seen seenItem
	for _, raw := range items {
		var err error
		switch sortOf(raw) {
		case accountSort:
			account = new(accountItem)
			*account, err = decode[accountItem](raw)
		case seenSort:
			seen, err = decode[seenItem](raw)
		default:
			err = unreadable(raw, errStranger)
		}
		if err != nil {
			return pat.Account{}, err
		}
	}
	if account == nil {
		return pat.Account{}, pat.NoUser(nil)
	}
	return account.account(id, seen), nil
}

func sortOf(raw map[string]types.AttributeValue) string {
	sk, _ := raw["sk"].(*types.AttributeValueMemberS)
	if sk == nil {
		return ""
	}
	return sk.Value
}

func (i accountItem) account(id pat.UserID, seen seenItem) pat.Account {
	account := i.profileItem.account(id)
	account.NextTokenID = pat.TokenID(i.NextTokenID)
	account.Version = i.Version
	for _, t := range i.Tokens {
		token := t.token()
		if at, ok := seen.Seen[token.ID]; ok {
			token.SeenAt = moment(at)
		}
		account.Tokens = append(account.Tokens, token)
	}
	return account
}

func (i profileItem) account(id pat.UserID) pat.Account {
	return pat.Account{
		ID: id,
		Profile: pat.Profile{
			Username: i.Username,
			Name:     i.Name,
			Email:    i.Email,
			Role:     pat.Role(i.Role),
			Disabled: i.Disabled,
		},
		CreatedAt: moment(i.CreatedAt),
	}
}

func (i tokenItem) token() pat.Token {
	return pat.Token{
		ID:          pat.TokenID(i.ID),
		Description: i.Description,
		Selector:    pat.Selector(i.Selector),
		Verifier:    pat.Verifier(i.Verifier),
		CreatedAt:   moment(i.CreatedAt),
		ExpiresAt:   moment(i.ExpiresAt),
	}
}

// readListed reads an item of the directory. Errors: KindInternal.
func readListed(raw map[string]types.AttributeValue) (pat.Account, error) {
	item, err := decode[directoryItem](raw)
	if err != nil {
		return pat.Account{}, err
	}
	id, err := strconv.ParseInt(item.SK, 10, 64)
	if err != nil {
		return pat.Account{}, unreadable(raw, errStranger)
	}
	return item.profileItem.account(pat.UserID(id)), nil
}

func moment(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

func seenName(id pat.TokenID) string { return strconv.FormatInt(int64(id), 10) }

var errStranger = errors.New("it does not belong there")

// decode reads an item, and accepts it only if writing what was read gives the same item again. So a missing or unknown
// attribute, and one of another type, is an error and never an empty value; nothing that is stored is lost by the next write.
func decode[T any](raw map[string]types.AttributeValue) (T, error) {
	var item T
	if !reflect.DeepEqual(raw["format"], number(format)) {
		return item, unreadable(raw, errors.New("its format is not known to this version of the program"))
	}
	reading := attributevalue.UnmarshalMap(raw, &item)
	again, writing := attributevalue.MarshalMap(item)
	if names := differing(raw, again); reading != nil || writing != nil || len(names) > 0 {
		var none T
		return none, unreadable(raw, fmt.Errorf("wrong or missing: %s", strings.Join(names, ", ")))
	}
	return item, nil
}

// differing names the attributes that a and b do not share, in order.
func differing(a, b map[string]types.AttributeValue) []string {
	names := slices.Sorted(maps.Keys(a))
	names = slices.AppendSeq(names, maps.Keys(b))
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return reflect.DeepEqual(a[name], b[name]) })
}

// unreadable names the item and says nothing of what it holds.
func unreadable(raw map[string]types.AttributeValue, cause error) error {
	pk, _ := raw["pk"].(*types.AttributeValueMemberS)
	if pk == nil {
		return internal(fmt.Errorf("an item without a key: %w", cause))
	}
	return internal(fmt.Errorf("item %q, %q cannot be read: %w", pk.Value, sortOf(raw), cause))
}
