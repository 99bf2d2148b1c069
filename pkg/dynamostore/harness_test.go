package dynamostore_test

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// fixture is a store on a new table, a service on it, and a probe between store and DynamoDB Local.
type fixture struct {
	client  *dynamodb.Client
	table   string
	probe   *probe
	store   *dynamostore.Store
	clock   *pattest.Clock
	service *pat.Service
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	client := newClient(t)
	f := &fixture{client: client, table: "test-" + rand.Text(), probe: newProbe(client), clock: pattest.NewClock()}
	if err := dynamostore.CreateTable(t.Context(), client, f.table); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	f.store = dynamostore.WithoutPauses(dynamostore.New(f.probe, f.table))
	f.service = pat.NewService(f.store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(f.clock))
	return f
}

func newClient(t *testing.T) *dynamodb.Client {
	t.Helper()
	return dynamostore.NewClient(dynamotest.Settings(t))
}

type item = map[string]types.AttributeValue

func keyOf(pk, sk string) item {
	return item{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

// read returns an item as stored, or nil if there is none.
func (f *fixture) read(t *testing.T, pk, sk string) item {
	t.Helper()
	output, err := f.client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName:      &f.table,
		ConsistentRead: aws.Bool(true),
		Key:            keyOf(pk, sk),
	})
	if err != nil {
		t.Fatalf("GetItem: %v", err)
	}
	return output.Item
}

// write stores an item without the store.
func (f *fixture) write(t *testing.T, raw item) {
	t.Helper()
	if _, err := f.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &f.table, Item: raw}); err != nil {
		t.Fatalf("PutItem: %v", err)
	}
}

// holder creates the first user of the table, an Admin with one token.
func (f *fixture) holder(t *testing.T) pattest.Holder {
	t.Helper()
	return pattest.NewHolder(t, f.store, f.service, pattest.Profile("ann", pat.Admin))
}

// editor creates a user without tokens.
func (f *fixture) editor(t *testing.T, name string) pat.Account {
	t.Helper()
	return pattest.Account(t, f.store, pattest.Profile(name, pat.Editor))
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
