package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// TableAPI has the operations of DynamoDB that CreateTable uses. *dynamodb.Client implements it.
type TableAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	dynamodb.DescribeTableAPIClient
}

const (
	// activeWithin bounds the wait for a table to become active, which usually takes a few seconds.
	activeWithin = 2 * time.Minute
	minPoll      = 100 * time.Millisecond
	maxPoll      = 2 * time.Second
)

// Table returns the definition of the table that a Store needs.
func Table(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	}
}

// CreateTable creates Table(name) unless it exists, and returns when it is ready for use.
// Errors: KindInvalid if a table of that name has other keys; KindUnavailable, KindInternal.
func CreateTable(ctx context.Context, api TableAPI, name string) error {
	wanted := Table(name)
	if _, err := api.CreateTable(ctx, wanted); err != nil && !exists(err) {
		return translate("CreateTable", name, err)
	}
	found, err := waitActive(ctx, api, name)
	if err != nil {
		return err
	}
	have, want := keys(found.KeySchema, found.AttributeDefinitions), keys(wanted.KeySchema, wanted.AttributeDefinitions)
	if !slices.Equal(have, want) {
		return &pat.Error{Kind: pat.KindInvalid, Message: fmt.Sprintf("Table %q exists already, with keys %v instead of %v.", name, have, want)}
	}
	return nil
}

func exists(err error) bool {
	_, inUse := errors.AsType[*types.ResourceInUseException](err)
	return inUse
}

func waitActive(ctx context.Context, api TableAPI, name string) (*types.TableDescription, error) {
	waiter := dynamodb.NewTableExistsWaiter(api, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = minPoll, maxPoll
	})
	output, err := waiter.WaitForOutput(ctx, &dynamodb.DescribeTableInput{TableName: &name}, activeWithin)
	if err != nil {
		return nil, translate("DescribeTable", name, err)
	}
	return output.Table, nil
}

// keys returns name, kind and type of each key of a table.
func keys(schema []types.KeySchemaElement, definitions []types.AttributeDefinition) []string {
	var described []string
	for _, element := range schema {
		for _, definition := range definitions {
			if *definition.AttributeName == *element.AttributeName {
				described = append(described, fmt.Sprintf("%s %s %s", *element.AttributeName, element.KeyType, definition.AttributeType))
			}
		}
	}
	return described
}
