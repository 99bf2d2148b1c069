package dynamostore

import (
	"context"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/pat"
)

// API is what a Store calls of DynamoDB; *dynamodb.Client has it.
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

// New is the Store in table, which CreateTable or the template has made.
func New(api API, table string) *Store {
	return &Store{api: api, table: table, wait: pause}
}

// Warm does before the first request comes what only the first one would have to: it makes one cheap read of a user that cannot
// exist, so that the connection stands, and decodes items, so that what the decoder keeps of their types is there.
// Errors: KindUnavailable, KindInternal.
func (s *Store) Warm(ctx context.Context) error {
	_, err := s.query(ctx, s.partition(userKey(0)))
	if err != nil {
		return err
	}
	_, err = readAccount(0, []values{accountForm, seenForm})
	return err
}

// Account is the pat.Store's: one Query.
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

// Accounts is the pat.Store's: one Query for each megabyte of profiles. NextTokenID and Version are not in the directory, so
// an account from here cannot be replaced.
func (s *Store) Accounts(ctx context.Context, after pat.UserID, limit int) ([]pat.Account, error) {
	var accounts []pat.Account
	page := s.directory(after)
	for len(accounts) < limit {
		page.Limit = aws.Int32(int32(min(limit-len(accounts), math.MaxInt32))) //nolint:gosec // it is at most MaxInt32
		found, err := s.query(ctx, page)
		if err != nil {
			return nil, err
		}
		if accounts, err = appendListed(accounts, found.Items); err != nil {
			return nil, err
		}
		if page.ExclusiveStartKey = found.LastEvaluatedKey; len(page.ExclusiveStartKey) == 0 {
			break
		}
	}
	return accounts, nil
}

func (s *Store) directory(after pat.UserID) *dynamodb.QueryInput {
	page := s.partition(directoryKey)
	page.KeyConditionExpression = aws.String("pk = :pk AND sk > :after")
	page.ExpressionAttributeValues[":after"] = text(directorySort(after))
	return page
}

func appendListed(accounts []pat.Account, items []values) ([]pat.Account, error) {
	for _, raw := range items {
		account, err := readListed(raw)
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
	owner, err := decode[uniqueItem](found.Items[0], uniqueForm)
	return pat.UserID(owner.UserID), err
}

// CountAdmins implements [pat.Store] with one Query.
func (s *Store) CountAdmins(ctx context.Context) (int, error) {
	found, err := s.query(ctx, s.item(adminsKey))
	if err != nil || len(found.Items) == 0 {
		return 0, err
	}
	counter, err := decode[adminsItem](found.Items[0], adminsForm)
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
