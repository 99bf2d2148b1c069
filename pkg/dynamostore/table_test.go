package dynamostore_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestCreateTableTwice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := f.holder(t)
	if err := dynamostore.CreateTable(t.Context(), f.client, f.table); err != nil {
		t.Fatalf("the second time: %v", err)
	}
	equal(t, "account", pattest.Read(t, f.store, h.Account.ID), h.Account)
}

func TestCreateTableBesideOther(t *testing.T) {
	t.Parallel()
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	attribute := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
	}
	tests := []struct {
		name       string
		schema     []types.KeySchemaElement
		attributes []types.AttributeDefinition
	}{
		{"no sort key",
			[]types.KeySchemaElement{key("pk", types.KeyTypeHash)},
			[]types.AttributeDefinition{attribute("pk", types.ScalarAttributeTypeS)}},
		{"another name",
			[]types.KeySchemaElement{key("id", types.KeyTypeHash), key("sk", types.KeyTypeRange)},
			[]types.AttributeDefinition{attribute("id", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeS)}},
		{"another type",
			[]types.KeySchemaElement{key("pk", types.KeyTypeHash), key("sk", types.KeyTypeRange)},
			[]types.AttributeDefinition{attribute("pk", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeN)}},
		{"the other way round",
			[]types.KeySchemaElement{key("sk", types.KeyTypeHash), key("pk", types.KeyTypeRange)},
			[]types.AttributeDefinition{attribute("pk", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeS)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t)
			other := dynamostore.Table("other-" + rand.Text())
			other.KeySchema, other.AttributeDefinitions = test.schema, test.attributes
			if _, err := client.CreateTable(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			err := dynamostore.CreateTable(t.Context(), client, aws.ToString(other.TableName))
			pattest.WantKind(t, err, pat.KindInvalid)
		})
	}
}

func TestCreateTableHeedsItsContext(t *testing.T) {
	t.Parallel()
	client := newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pattest.WantKind(t, dynamostore.CreateTable(ctx, client, "never-"+rand.Text()), pat.KindUnavailable)
}

func TestMissingTable(t *testing.T) {
	t.Parallel()
	store := dynamostore.New(newClient(t), "missing-"+rand.Text())
	_, err := store.Account(t.Context(), 1)
	pattest.WantKind(t, err, pat.KindInternal)
}
