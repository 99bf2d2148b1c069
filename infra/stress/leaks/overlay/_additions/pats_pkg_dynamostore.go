package dynamostore

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// New dumps every request to the table and every response.
func New(api API, table string) *Store {
	return NewUnwatched(leaksAPI{api}, table)
}

type leaksAPI struct{ API }

func leaksDump(input, output any, err error) {
	sent, _ := json.Marshal(input)
	got, _ := json.Marshal(output)
	os.LeaksDump("table", fmt.Appendf(nil, "%s\n%s %v\n", sent, got, err))
}

func (a leaksAPI) Query(ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, err := a.API.Query(ctx, in, options...)
	leaksDump(in, out, err)
	return out, err
}

func (a leaksAPI) PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	out, err := a.API.PutItem(ctx, in, options...)
	leaksDump(in, out, err)
	return out, err
}

func (a leaksAPI) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, options ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	out, err := a.API.UpdateItem(ctx, in, options...)
	leaksDump(in, out, err)
	return out, err
}

func (a leaksAPI) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	out, err := a.API.TransactWriteItems(ctx, in, options...)
	leaksDump(in, out, err)
	return out, err
}
