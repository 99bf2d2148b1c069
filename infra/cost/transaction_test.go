package cost_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const total = types.ReturnConsumedCapacityTotal

// transactional is how many times as much a write takes in a transaction:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html#write-operation-consumption
const transactional = 2

// TransactWriteItems counts each write as DynamoDB counts it outside of a transaction, in a table aside, and doubles it: DynamoDB
// Local reports 2 units for any transaction of small items.
func (c *counter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, write := range in.TransactItems {
		units, err := c.alone(ctx, write)
		if err != nil {
			return nil, err
		}
		c.writes += transactional * units
	}
	return c.client.TransactWriteItems(ctx, in, opts...)
}

// alone makes one write of a transaction in the table aside, on the item as it is now.
func (c *counter) alone(ctx context.Context, write types.TransactWriteItem) (float64, error) {
	switch {
	case write.Put != nil:
		return c.put(ctx, write.Put)
	case write.Delete != nil:
		return c.delete(ctx, write.Delete)
	}
	return c.update(ctx, write.Update)
}

func (c *counter) put(ctx context.Context, write *types.Put) (float64, error) {
	if err := c.copyItem(ctx, key(write.Item)); err != nil {
		return 0, err
	}
	out, err := c.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.scratch, Item: write.Item, ReturnConsumedCapacity: total})
	if err != nil {
		return 0, err
	}
	return *out.ConsumedCapacity.CapacityUnits, nil
}

func (c *counter) delete(ctx context.Context, write *types.Delete) (float64, error) {
	if err := c.copyItem(ctx, write.Key); err != nil {
		return 0, err
	}
	out, err := c.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &c.scratch, Key: write.Key, ReturnConsumedCapacity: total})
	if err != nil {
		return 0, err
	}
	return *out.ConsumedCapacity.CapacityUnits, nil
}

func (c *counter) update(ctx context.Context, write *types.Update) (float64, error) {
	if err := c.copyItem(ctx, write.Key); err != nil {
		return 0, err
	}
	out, err := c.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &c.scratch, Key: write.Key, UpdateExpression: write.UpdateExpression,
		ExpressionAttributeNames: write.ExpressionAttributeNames, ExpressionAttributeValues: write.ExpressionAttributeValues,
		ReturnConsumedCapacity: total,
	})
	if err != nil {
		return 0, err
	}
	return *out.ConsumedCapacity.CapacityUnits, nil
}

// copyItem puts the item, if there is one, into the table aside.
func (c *counter) copyItem(ctx context.Context, at item) error {
	found, err := c.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.name, Key: at})
	if err != nil || found.Item == nil {
		return err
	}
	_, err = c.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.scratch, Item: found.Item})
	return err
}

type item = map[string]types.AttributeValue

func key(of item) item { return item{"pk": of["pk"], "sk": of["sk"]} }
