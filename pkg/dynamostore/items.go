package dynamostore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// The formats of items. Items of another one are refused. Accounts are written in the first one that has what they have, since
// earlier releases refuse the second.
const (
	// firstFormat is the format of all items but some accounts.
	firstFormat = 1
	// scopesFormat is the format of service accounts, of accounts whose user signs in, and of those with a token that has scopes, a maker or
	// ancestors, or was rotated.
	scopesFormat = 2
)

const (
	directoryKey = "DIRECTORY"
	servicesKey  = "SERVICES"
	accountSort  = "ACCOUNT"
	seenSort     = "SEEN"
)

// The counters.
var (
	usersKey  = key{PK: "SYSTEM", SK: "USERS"}
	adminsKey = key{PK: "SYSTEM", SK: "ADMINS"}
)

// values are the attributes of an item, or the values of an expression.
type values = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// numberOf returns the digits of a number, and "" for other values.
func numberOf(value types.AttributeValue) string {
	if n, ok := value.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

// textOf returns the text of a string value, and "" for others.
func textOf(value types.AttributeValue) string {
	if s, ok := value.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func number[N ~int | ~int64](n N) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

type key struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

func (k key) item() values {
	return values{"pk": text(k.PK), "sk": text(k.SK)}
}

func userKey(id pat.UserID) string { return "USER#" + strconv.FormatInt(int64(id), 10) }

func accountKey(id pat.UserID) key { return key{PK: userKey(id), SK: accountSort} }

func seenKey(id pat.UserID) key { return key{PK: userKey(id), SK: seenSort} }

func uniqueKey(value string) key { return key{PK: "UNIQUE#" + value, SK: "OWNER"} }

func importedKey(selector pat.Selector) key { return key{PK: "TOKEN#" + string(selector), SK: "OWNER"} }

// directoryOf returns the partition that lists the accounts of a type. Earlier releases know only that of persons.
func directoryOf(of pat.AccountType) string {
	if of == pat.ServiceAccount {
		return servicesKey
	}
	return directoryKey
}

// directorySort returns id with as many digits as the largest int64, so that sort keys order as numbers do.
func directorySort(id pat.UserID) string { return fmt.Sprintf("%019d", id) }

type accountItem struct {
	key
	Format int `dynamodbav:"format"`
	// AccountType is absent from the account of a person. The first format has none other.
	AccountType string `dynamodbav:"accountType,omitempty"`
	profileItem
	// Login, RoleBefore and SessionsFrom are those of [pat.SignIn].
	Login        string      `dynamodbav:"login,omitempty"`
	RoleBefore   int         `dynamodbav:"roleBefore,omitempty"`
	SessionsFrom int64       `dynamodbav:"sessionsFrom,omitempty"`
	NextTokenID  int64       `dynamodbav:"nextTokenId"`
	Version      int64       `dynamodbav:"version"`
	Tokens       []tokenItem `dynamodbav:"tokens"`
	Spent        []spentItem `dynamodbav:"spent,omitempty"`
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
	Keyed       bool   `dynamodbav:"keyed,omitempty"`
	// Scopes is [pat.Scopes.Stored], and nil in the first format, whose tokens are all unscoped.
	Scopes *string `dynamodbav:"scopes,omitempty"`
	// Maker and Ancestors are IDs with a space between two, since a list takes more space.
	Maker     string `dynamodbav:"maker,omitempty"`
	Ancestors string `dynamodbav:"ancestors,omitempty"`
	// RotatedAt and Replaced, which is a replacedText, are in tokens that were rotated.
	RotatedAt int64  `dynamodbav:"rotatedAt,omitempty"`
	Replaced  string `dynamodbav:"replaced,omitempty"`
}

type spentItem struct {
	Selector string `dynamodbav:"selector"`
	Verifier string `dynamodbav:"verifier"`
	Until    int64  `dynamodbav:"until"`
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

// importedItem names the user for whom a token was imported.
type importedItem struct {
	key
	Format int   `dynamodbav:"format"`
	UserID int64 `dynamodbav:"userId"`
}

type uniqueItem struct {
	key
	UserID int64 `dynamodbav:"userId"`
}

// adminsItem is the counter of enabled Admins. It does not exist until the first one is created.
type adminsItem struct {
	key
	EnabledAdmins int `dynamodbav:"enabledAdmins"`
}

func newAccountItem(a pat.Account) accountItem {
	format, tokens := formatOf(a), make([]tokenItem, len(a.Tokens))
	for i, t := range a.Tokens {
		tokens[i] = newTokenItem(t)
		if format == scopesFormat {
			scopes := t.Scopes.Stored()
			tokens[i].Scopes = &scopes
		}
	}
	var spent []spentItem // nil if there are none, since an empty list would take space
	for _, s := range a.Spent {
		spent = append(spent, spentItem{string(s.Selector), string(s.Verifier), s.Until.UnixMilli()})
	}
	return accountItem{
		key:          accountKey(a.ID),
		Format:       format,
		AccountType:  accountTypeText(a.Type),
		profileItem:  newProfileItem(a),
		Login:        string(a.SignIn.Login),
		RoleBefore:   int(a.SignIn.RoleBefore),
		SessionsFrom: milliseconds(a.SignIn.SessionsFrom),
		NextTokenID:  int64(a.NextTokenID),
		Version:      a.Version,
		Tokens:       tokens,
		Spent:        spent,
	}
}

// accountTypeText returns the name of a type, and "" for that of a person.
func accountTypeText(of pat.AccountType) string {
	if of == pat.UserAccount {
		return ""
	}
	return of.String()
}

// parseAccountType returns the type whose accountTypeText is text. Errors: errAccountType.
func parseAccountType(text string) (pat.AccountType, error) {
	for _, of := range []pat.AccountType{pat.UserAccount, pat.ServiceAccount} {
		if accountTypeText(of) == text {
			return of, nil
		}
	}
	return 0, errAccountType
}

// formatOf returns the first format that has what the account has.
func formatOf(a pat.Account) int {
	if a.Type != pat.UserAccount || a.SignIn != (pat.SignIn{}) || slices.ContainsFunc(a.Tokens, func(t pat.Token) bool {
		return !t.Scopes.Unscoped() || t.Maker != pat.Maker{} || len(t.Ancestors) > 0 || !t.RotatedAt.IsZero()
	}) {
		return scopesFormat
	}
	return firstFormat
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
	item := tokenItem{
		ID:          int64(t.ID),
		Description: t.Description,
		Selector:    string(t.Selector),
		Verifier:    string(t.Verifier),
		CreatedAt:   t.CreatedAt.UnixMilli(),
		ExpiresAt:   t.ExpiresAt.UnixMilli(),
		Keyed:       t.Keyed,
		Maker:       makerText(t.Maker),
		Ancestors:   joinIDs(t.Ancestors),
		Replaced:    replacedText(t.Replaced),
		RotatedAt:   milliseconds(t.RotatedAt),
	}
	return item
}

func newSeenItem(a pat.Account) seenItem {
	seen := map[pat.TokenID]int64{}
	for _, t := range a.Tokens {
		if !t.SeenAt.IsZero() {
			seen[t.ID] = t.SeenAt.UnixMilli()
		}
	}
	return seenItem{key: seenKey(a.ID), Format: firstFormat, Seen: seen}
}

func newDirectoryItem(a pat.Account) directoryItem {
	return directoryItem{
		key:         key{PK: directoryOf(a.Type), SK: directorySort(a.ID)},
		Format:      firstFormat,
		profileItem: newProfileItem(a),
	}
}

func newImportedItem(selector pat.Selector, id pat.UserID) importedItem {
	return importedItem{key: importedKey(selector), Format: firstFormat, UserID: int64(id)}
}

func newUniqueItem(value string, id pat.UserID) uniqueItem {
	return uniqueItem{key: uniqueKey(value), UserID: int64(id)}
}

// readAccount returns the account in the items of its partition. Errors: KindNotFound, KindInternal.
func readAccount(id pat.UserID, items []values) (pat.Account, error) {
	raw := pick(items, accountSort)
	if raw == nil {
		return pat.Account{}, pat.NoUser(nil)
	}
	item, err := decodeAccount(raw)
	if err != nil {
		return pat.Account{}, err
	}
	seen, err := readSeen(pick(items, seenSort))
	if err != nil {
		return pat.Account{}, err
	}
	account, err := item.account(id, seen)
	if err != nil {
		return pat.Account{}, unreadable(raw, err)
	}
	return account, nil
}

func decodeAccount(raw values) (accountItem, error) {
	if numberOf(raw["format"]) == strconv.Itoa(scopesFormat) {
		return decode[accountItem](raw, scopesForm())
	}
	return decode[accountItem](raw, firstForm())
}

func pick(items []values, sk string) values {
	i := slices.IndexFunc(items, func(raw values) bool { return textOf(raw["sk"]) == sk })
	if i < 0 {
		return nil
	}
	return items[i]
}

// readSeen takes a missing item for one without times: a Query during the transaction that deletes the user can return that.
func readSeen(raw values) (seenItem, error) {
	if raw == nil {
		return seenItem{}, nil
	}
	return decode[seenItem](raw, seenForm())
}

// account returns the account with the times of last use. Its errors do not quote values.
func (i accountItem) account(id pat.UserID, seen seenItem) (pat.Account, error) {
	account := i.profileItem.account(id)
	var err error
	if account.Type, err = parseAccountType(i.AccountType); err != nil {
		return pat.Account{}, err
	}
	account.NextTokenID = pat.TokenID(i.NextTokenID)
	account.Version = i.Version
	account.SignIn = pat.SignIn{Login: pat.LoginKey(i.Login), RoleBefore: pat.Role(i.RoleBefore)}
	if i.SessionsFrom != 0 {
		account.SignIn.SessionsFrom = moment(i.SessionsFrom)
	}
	account.Tokens = slices.Grow(account.Tokens, len(i.Tokens))
	for _, t := range i.Tokens {
		token, err := t.token()
		if err != nil {
			return pat.Account{}, fmt.Errorf("token %d: %w", t.ID, err)
		}
		if at, ok := seen.Seen[token.ID]; ok {
			token.SeenAt = moment(at)
		}
		account.Tokens = append(account.Tokens, token)
	}
	for _, s := range i.Spent {
		account.Spent = append(account.Spent, s.spent())
	}
	return account, nil
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

func (i tokenItem) token() (pat.Token, error) {
	scopes, scopesErr := pat.Unscoped(), error(nil)
	if i.Scopes != nil {
		scopes, scopesErr = pat.StoredScopes(*i.Scopes)
	}
	maker, makerErr := parseMaker(i.Maker)
	ancestors, ancestorsErr := splitIDs[pat.TokenID](i.Ancestors)
	rotatedAt, replaced, rotationErr := i.rotation()
	return pat.Token{
		ID:          pat.TokenID(i.ID),
		Description: i.Description,
		Scopes:      scopes,
		Selector:    pat.Selector(i.Selector),
		Verifier:    pat.Verifier(i.Verifier),
		CreatedAt:   moment(i.CreatedAt),
		ExpiresAt:   moment(i.ExpiresAt),
		Keyed:       i.Keyed,
		Maker:       maker,
		Ancestors:   ancestors,
		RotatedAt:   rotatedAt,
		Replaced:    replaced,
	}, cmp.Or(scopesErr, makerErr, ancestorsErr, rotationErr)
}

// rotation returns the time of the last rotation and the secret that it replaced, or zero values. Errors: errReplaced, also for one
// without the other.
func (i tokenItem) rotation() (time.Time, pat.Replaced, error) {
	replaced, err := parseReplaced(i.Replaced)
	switch {
	case err != nil, (i.RotatedAt == 0) != (i.Replaced == ""):
		return time.Time{}, pat.Replaced{}, errReplaced
	case i.RotatedAt == 0:
		return time.Time{}, pat.Replaced{}, nil
	}
	return moment(i.RotatedAt), replaced, nil
}

func (i spentItem) spent() pat.Spent {
	return pat.Spent{Selector: pat.Selector(i.Selector), Verifier: pat.Verifier(i.Verifier), Until: moment(i.Until)}
}

// readListed returns the user of an item of the directory of a type. Errors: KindInternal.
func readListed(of pat.AccountType, raw values) (pat.Account, error) {
	item, err := decode[directoryItem](raw, directoryForm())
	if err != nil {
		return pat.Account{}, err
	}
	id, err := strconv.ParseInt(item.SK, 10, 64)
	if err != nil {
		return pat.Account{}, unreadable(raw, errNumber)
	}
	account := item.account(pat.UserID(id))
	account.Type = of
	return account, nil
}

// milliseconds returns a time as it is stored, and 0 for the zero one.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

func seenName(id pat.TokenID) string { return strconv.FormatInt(int64(id), 10) }
