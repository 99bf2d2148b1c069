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

// TableAPI is what CreateTable calls of DynamoDB; *dynamodb.Client has it.
type TableAPI interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	dynamodb.DescribeTableAPIClient
}

const (
	// activeWithin is how long a table may take to become active; it is usually some seconds.
	activeWithin = 2 * time.Minute
	askFirst     = 100 * time.Millisecond
	askMost      = 2 * time.Second
)

// Table is the table that a Store works in.
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

// CreateTable makes Table(name), unless it is there already, and returns when it is ready for use.
// Errors: KindInvalid if there is a table of that name with other keys; KindUnavailable, KindInternal.
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
		return &pat.Error{Kind: pat.KindInvalid, Message: fmt.Sprintf("Table %q exists already, with the keys %v instead of %v.", name, have, want)}
	}
	return nil
}

func exists(err error) bool {
	_, inUse := errors.AsType[*types.ResourceInUseException](err)
	return inUse
}

func waitActive(ctx context.Context, api TableAPI, name string) (*types.TableDescription, error) {
	waiter := dynamodb.NewTableExistsWaiter(api, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = askFirst, askMost
	})
	output, err := waiter.WaitForOutput(ctx, &dynamodb.DescribeTableInput{TableName: &name}, activeWithin)
	if err != nil {
		return nil, translate("DescribeTable", name, err)
	}
	return output.Table, nil
}

// keys describes each key of a table by name, kind and type.
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
