package dynamostore

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/pat"
)

// API has the operations of DynamoDB that a Store uses. *dynamodb.Client implements it.
type API interface {
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Store is a pat.Store. It is safe for concurrent use.
type Store struct {
	api   API
	table string
	wait  waiter
}

var _ pat.Store = (*Store)(nil)

// New returns the Store in table, which CreateTable or the template creates.
func New(api API, table string) *Store {
	return &Store{api: api, table: table, wait: pause}
}

// Warm does work that the first request would otherwise have to do: it opens the connection with a cheap read of a user that cannot
// exist, and decodes items to fill the decoder's cache of types.
// Errors: KindUnavailable, KindInternal.
func (s *Store) Warm(ctx context.Context) error {
	_, err := s.query(ctx, s.partition(userKey(0)))
	if err != nil {
		return err
	}
	_, err = readAccount(0, []values{firstForm(), seenForm()})
	return err
}

// Account implements [pat.Store] with one Query.
func (s *Store) Account(ctx context.Context, id pat.UserID) (pat.Account, error) {
	found, err := s.query(ctx, s.partition(userKey(id)))
	if err != nil {
		return pat.Account{}, err
	}
	return readAccount(id, found.Items)
}

func (s *Store) partition(pk string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: values{":pk": text(pk)},
	}
}

// Accounts implements [pat.Store] with one Query of the directory of each type for each megabyte of profiles. A directory lacks
// NextTokenID and Version, so these accounts cannot be passed to ReplaceAccount.
func (s *Store) Accounts(ctx context.Context, after pat.UserID, limit int, of ...pat.AccountType) ([]pat.Account, error) {
	if len(of) == 0 {
		of = []pat.AccountType{pat.UserAccount, pat.ServiceAccount}
	}
	var accounts []pat.Account
	for _, of := range of {
		some, err := s.listed(ctx, of, after, limit)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, some...)
	}
	slices.SortFunc(accounts, func(a, b pat.Account) int { return cmp.Compare(a.ID, b.ID) })
	return accounts[:min(len(accounts), max(limit, 0))], nil
}

// listed returns up to limit accounts of a type with IDs above after, in rising order of ID.
func (s *Store) listed(ctx context.Context, of pat.AccountType, after pat.UserID, limit int) ([]pat.Account, error) {
	var accounts []pat.Account
	page := s.directory(of, after)
	for len(accounts) < limit {
		page.Limit = aws.Int32(int32(min(limit-len(accounts), math.MaxInt32))) //nolint:gosec // it is at most MaxInt32
		found, err := s.query(ctx, page)
		if err != nil {
			return nil, err
		}
		if accounts, err = appendListed(accounts, of, found.Items); err != nil {
			return nil, err
		}
		if page.ExclusiveStartKey = found.LastEvaluatedKey; len(page.ExclusiveStartKey) == 0 {
			break
		}
	}
	return accounts, nil
}

func (s *Store) directory(of pat.AccountType, after pat.UserID) *dynamodb.QueryInput {
	page := s.partition(directoryOf(of))
	page.KeyConditionExpression = aws.String("pk = :pk AND sk > :after")
	page.ExpressionAttributeValues[":after"] = text(directorySort(after))
	return page
}

func appendListed(accounts []pat.Account, of pat.AccountType, items []values) ([]pat.Account, error) {
	for _, raw := range items {
		account, err := readListed(of, raw)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// FindUser implements [pat.Store] with one Query.
func (s *Store) FindUser(ctx context.Context, key string) (pat.UserID, error) {
	found, err := s.query(ctx, s.item(uniqueKey(key)))
	if err != nil {
		return 0, err
	}
	if len(found.Items) == 0 {
		return 0, pat.NoUser(nil)
	}
	owner, err := decode[uniqueItem](found.Items[0], uniqueForm())
	return pat.UserID(owner.UserID), err
}

// CountAdmins implements [pat.Store] with one Query.
func (s *Store) CountAdmins(ctx context.Context) (int, error) {
	found, err := s.query(ctx, s.item(adminsKey))
	if err != nil || len(found.Items) == 0 {
		return 0, err
	}
	counter, err := decode[adminsItem](found.Items[0], adminsForm())
	return counter.EnabledAdmins, err
}

// item is a Query for one item. A role that may Query needs no other action for it.
func (s *Store) item(at key) *dynamodb.QueryInput {
	one := s.partition(at.PK)
	one.KeyConditionExpression = aws.String("pk = :pk AND sk = :sk")
	one.ExpressionAttributeValues[":sk"] = text(at.SK)
	return one
}

func (s *Store) query(ctx context.Context, input *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	output, err := s.api.Query(ctx, input)
	if err != nil {
		return nil, translate("Query", s.table, err)
	}
	return output, nil
}
