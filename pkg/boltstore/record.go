package boltstore

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"pats/pkg/boltstore/boltfile"
	"pats/pkg/pat"
)

const (
	// format is the last number of the layout in the package comment. It rises when an older program would misread the file.
	format = 3
	// importsFrom is the first format with bucketImported.
	importsFrom = 2
	// scopesFrom is the first format with service accounts and bucketServices, and with users who sign in, and whose tokens have scopes,
	// makers and ancestors, and are rotated.
	scopesFrom = 3

	recordVersion = 1
	sealLen       = 1 + crc32.Size
	idLen         = 8
)

var (
	bucketMeta     = []byte("meta")
	bucketAccounts = []byte("accounts")
	bucketUnique   = []byte("unique")
	bucketSeen     = []byte("seen")
	bucketImported = []byte("imported")
	bucketServices = []byte("services")

	keyFormat = []byte("format")
	keyState  = []byte("state")
)

// state has the counters over all users.
type state struct {
	LastUser pat.UserID `json:"lastUser"`
	// Admins is the number of pat.Account.PersonalAdmin.
	Admins int `json:"admins"`
}

type account struct {
	// Type is absent for the account of a person.
	Type      string      `json:"type,omitempty"`
	Username  string      `json:"username,omitempty"`
	Name      string      `json:"name,omitempty"`
	Email     string      `json:"email,omitempty"`
	Role      pat.Role    `json:"role"`
	Disabled  bool        `json:"disabled,omitempty"`
	CreatedAt int64       `json:"createdAt"`
	SignIn    signIn      `json:"signIn,omitzero"`
	NextToken pat.TokenID `json:"nextToken"`
	Version   int64       `json:"version"`
	Tokens    []token     `json:"tokens,omitempty"`
	Spent     []spent     `json:"spent,omitempty"`
}

// signIn is [pat.SignIn].
type signIn struct {
	Login        pat.LoginKey `json:"login,omitempty"`
	RoleBefore   pat.Role     `json:"roleBefore,omitempty"`
	SessionsFrom int64        `json:"sessionsFrom,omitempty"`
}

// token has times in milliseconds since 1970 UTC, as account does.
type token struct {
	ID          pat.TokenID  `json:"id"`
	Description string       `json:"description"`
	Selector    pat.Selector `json:"selector"`
	Verifier    pat.Verifier `json:"verifier"`
	CreatedAt   int64        `json:"createdAt"`
	ExpiresAt   int64        `json:"expiresAt"`
	Keyed       bool         `json:"keyed,omitempty"`
	// Scopes is [pat.Scopes.Stored]. An unscoped token has none.
	Scopes    *string       `json:"scopes,omitempty"`
	Maker     maker         `json:"maker,omitzero"`
	Ancestors []pat.TokenID `json:"ancestors,omitempty"`
	Rotation  *rotation     `json:"rotation,omitempty"`
}

// rotation is the last rotation of a token, with the secret that it replaced.
type rotation struct {
	At        int64        `json:"at"`
	Selector  pat.Selector `json:"selector"`
	Verifier  pat.Verifier `json:"verifier"`
	IssuedAt  int64        `json:"issuedAt"`
	ExpiresAt int64        `json:"expiresAt"`
	Until     int64        `json:"until"`
	Keyed     bool         `json:"keyed,omitempty"`
}

type maker struct {
	User  pat.UserID  `json:"user"`
	Token pat.TokenID `json:"token,omitempty"`
}

type spent struct {
	Selector pat.Selector `json:"selector"`
	Verifier pat.Verifier `json:"verifier"`
	Until    int64        `json:"until"`
}

func fromAccount(a pat.Account) account {
	tokens := make([]token, len(a.Tokens))
	for i, t := range a.Tokens {
		tokens[i] = fromToken(t)
	}
	var spents []spent
	for _, s := range a.Spent {
		spents = append(spents, spent{s.Selector, s.Verifier, s.Until.UnixMilli()})
	}
	return account{
		Type: fromType(a.Type), Username: a.Username, Name: a.Name, Email: a.Email, Role: a.Role, Disabled: a.Disabled,
		CreatedAt: a.CreatedAt.UnixMilli(), SignIn: fromSignIn(a.SignIn), NextToken: a.NextTokenID, Version: a.Version, Tokens: tokens, Spent: spents,
	}
}

func fromType(of pat.AccountType) string {
	if of == pat.UserAccount {
		return ""
	}
	return of.String()
}

func fromSignIn(s pat.SignIn) signIn {
	stored := signIn{Login: s.Login, RoleBefore: s.RoleBefore}
	if !s.SessionsFrom.IsZero() {
		stored.SessionsFrom = s.SessionsFrom.UnixMilli()
	}
	return stored
}

func (s signIn) domain() pat.SignIn {
	signIn := pat.SignIn{Login: s.Login, RoleBefore: s.RoleBefore}
	if s.SessionsFrom != 0 {
		signIn.SessionsFrom = utc(s.SessionsFrom)
	}
	return signIn
}

func fromToken(t pat.Token) token {
	return token{
		ID: t.ID, Description: t.Description, Selector: t.Selector, Verifier: t.Verifier,
		CreatedAt: t.CreatedAt.UnixMilli(), ExpiresAt: t.ExpiresAt.UnixMilli(), Keyed: t.Keyed,
		Scopes: fromScopes(t.Scopes), Maker: maker(t.Maker), Ancestors: t.Ancestors, Rotation: fromRotation(t),
	}
}

func fromRotation(t pat.Token) *rotation {
	if t.RotatedAt.IsZero() {
		return nil
	}
	r := t.Replaced
	return &rotation{
		At: t.RotatedAt.UnixMilli(), Selector: r.Selector, Verifier: r.Verifier,
		IssuedAt: r.IssuedAt.UnixMilli(), ExpiresAt: r.ExpiresAt.UnixMilli(), Until: r.Until.UnixMilli(), Keyed: r.Keyed,
	}
}

func fromScopes(s pat.Scopes) *string {
	if s.Unscoped() {
		return nil
	}
	text := s.Stored()
	return &text
}

// header returns the account without tokens. Errors: Damage.
func (a account) header(id pat.UserID) (pat.Account, error) {
	of, err := toType(a.Type)
	if err != nil {
		return pat.Account{}, err
	}
	return pat.Account{
		ID:          id,
		Type:        of,
		Profile:     pat.Profile{Username: a.Username, Name: a.Name, Email: a.Email, Role: a.Role, Disabled: a.Disabled},
		CreatedAt:   utc(a.CreatedAt),
		SignIn:      a.SignIn.domain(),
		NextTokenID: a.NextToken,
		Version:     a.Version,
	}, nil
}

func toType(stored string) (pat.AccountType, error) {
	for _, of := range []pat.AccountType{pat.UserAccount, pat.ServiceAccount} {
		if fromType(of) == stored {
			return of, nil
		}
	}
	return 0, boltfile.Damaged("the account type %q is unknown", stored)
}

// since returns the first format that has what the account has.
func (a account) since() int {
	if a.Type != "" || a.SignIn != (signIn{}) || slices.ContainsFunc(a.Tokens, token.later) {
		return scopesFrom
	}
	return 1
}

// later reports whether t has a member that formats before scopesFrom lack.
func (t token) later() bool {
	return t.Scopes != nil || t.Maker != maker{} || len(t.Ancestors) > 0 || t.Rotation != nil
}

// domain returns the token without its last use. Errors: Damage.
func (t token) domain() (pat.Token, error) {
	scopes, err := toScopes(t.Scopes)
	if err != nil {
		return pat.Token{}, boltfile.Damaged("the scopes of token %d cannot be read: %v", t.ID, err)
	}
	result := pat.Token{
		ID: t.ID, Description: t.Description, Scopes: scopes, Selector: t.Selector, Verifier: t.Verifier,
		CreatedAt: utc(t.CreatedAt), ExpiresAt: utc(t.ExpiresAt), Keyed: t.Keyed,
		Maker: pat.Maker(t.Maker), Ancestors: t.Ancestors,
	}
	if t.Rotation != nil {
		result.RotatedAt, result.Replaced = utc(t.Rotation.At), t.Rotation.replaced()
	}
	return result, nil
}

func (r rotation) replaced() pat.Replaced {
	return pat.Replaced{
		Selector: r.Selector, Verifier: r.Verifier,
		IssuedAt: utc(r.IssuedAt), ExpiresAt: utc(r.ExpiresAt), Until: utc(r.Until), Keyed: r.Keyed,
	}
}

func toScopes(stored *string) (pat.Scopes, error) {
	if stored == nil {
		return pat.Unscoped(), nil
	}
	return pat.StoredScopes(*stored)
}

func (s spent) domain() pat.Spent {
	return pat.Spent{Selector: s.Selector, Verifier: s.Verifier, Until: utc(s.Until)}
}

func utc(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// castagnoli is CRC-32C. It detects every error within 32 adjacent bits, and all but one in 2^32 others. A longer hash would detect
// no more in practice, and without a key would not stop anyone who changes the file on purpose.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal returns a record: its version (1 byte), a CRC-32C (4 bytes), payload. The checksum covers bucket, key, version and payload, so
// that a record under the wrong key is detected.
func seal(bucket, key, payload []byte) []byte {
	record := make([]byte, sealLen, sealLen+len(payload))
	record[0] = recordVersion
	binary.BigEndian.PutUint32(record[1:], sum(bucket, key, recordVersion, payload))
	return append(record, payload...)
}

func sum(bucket, key []byte, version byte, payload []byte) uint32 {
	crc := crc32.Checksum(bucket, castagnoli)
	crc = crc32.Update(crc, castagnoli, key)
	crc = crc32.Update(crc, castagnoli, []byte{version})
	return crc32.Update(crc, castagnoli, payload)
}

// unseal checks a record and returns its payload. Errors: Damage.
func unseal(bucket, key, record []byte) ([]byte, error) {
	if len(record) < sealLen {
		return nil, boltfile.Damaged("record %q of %s is missing or cut off", key, bucket)
	}
	payload := record[sealLen:]
	if binary.BigEndian.Uint32(record[1:]) != sum(bucket, key, record[0], payload) {
		return nil, boltfile.Damaged("record %q of %s does not match its checksum", key, bucket)
	}
	if record[0] != recordVersion {
		return nil, boltfile.Damaged("record %q of %s has version %d", key, bucket, record[0])
	}
	return payload, nil
}

// decode returns a record's value. Errors: Damage.
func decode[T any](bucket, key, record []byte) (T, error) {
	var value T
	payload, err := unseal(bucket, key, record)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(payload, &value); err != nil {
		return value, boltfile.Damaged("record %q of %s: %v", key, bucket, err)
	}
	return value, nil
}

// put stores value under key.
func put[T any](tx *bolt.Tx, bucket, key []byte, value T) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, seal(bucket, key, payload))
}

// get returns the value under key, and reports whether there is one. Errors: Damage.
func get[T any](tx *bolt.Tx, bucket, key []byte) (value T, found bool, err error) {
	record := tx.Bucket(bucket).Get(key)
	if record == nil {
		return value, false, nil
	}
	value, err = decode[T](bucket, key, record)
	return value, err == nil, err
}

// IDs in keys are big-endian, so that keys sort as the IDs do. IDs are positive.

func userKey(id pat.UserID) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(id)) //nolint:gosec // see above
}

func seenKey(user pat.UserID, token pat.TokenID) []byte {
	return binary.BigEndian.AppendUint64(userKey(user), uint64(token)) //nolint:gosec // see above
}

// userOf returns the first ID in a key.
func userOf(key []byte) pat.UserID {
	return pat.UserID(binary.BigEndian.Uint64(key)) //nolint:gosec // see above
}

// tokenOf returns the second ID in a key.
func tokenOf(key []byte) pat.TokenID {
	return pat.TokenID(binary.BigEndian.Uint64(key[idLen:])) //nolint:gosec // see above
}
