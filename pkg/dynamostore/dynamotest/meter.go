package dynamotest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/dynamostore"
)

// Usage is what calls of DynamoDB consume.
type Usage struct {
	// Reads and Writes are units.
	Reads, Writes float64
	// Accounting is the time that the Meter spent on measuring.
	Accounting time.Duration
}

// Meter forwards calls to a table and adds up what they consume, as AWS counts it. It is safe for concurrent use.
type Meter struct {
	client *dynamodb.Client
	table  string
	// aside is the name of a table in which the writes of transactions are tried one by one.
	aside string

	mu    sync.Mutex
	usage Usage
}

var _ dynamostore.API = (*Meter)(nil)

// NewMeter returns a Meter of table, and creates a second table for it. Errors: those of dynamostore.CreateTable.
func NewMeter(ctx context.Context, client *dynamodb.Client, table string) (*Meter, error) {
	m := &Meter{client: client, table: table, aside: table + "-aside"}
	return m, dynamostore.CreateTable(ctx, client, m.aside)
}

// Take returns the usage since its last call.
func (m *Meter) Take() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.usage
	m.usage = Usage{}
	return taken
}

func (m *Meter) add(u Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.usage.Reads += u.Reads
	m.usage.Writes += u.Writes
	m.usage.Accounting += u.Accounting
}

const total = types.ReturnConsumedCapacityTotal

// nothingFound is what a consistent Query consumes that finds nothing; DynamoDB Local reports 0:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html#read-operation-consumption
const nothingFound = 1

// Query calls the client. The Query must be consistent, as all of a Store are.
func (m *Meter) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	in.ReturnConsumedCapacity = total
	out, err := m.client.Query(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	m.add(Usage{Reads: max(nothingFound, *out.ConsumedCapacity.CapacityUnits)})
	return out, nil
}

// PutItem calls the client.
func (m *Meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = total
	out, err := m.client.PutItem(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	m.add(Usage{Writes: *out.ConsumedCapacity.CapacityUnits})
	return out, nil
}

// UpdateItem calls the client.
func (m *Meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnConsumedCapacity = total
	out, err := m.client.UpdateItem(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	m.add(Usage{Writes: *out.ConsumedCapacity.CapacityUnits})
	return out, nil
}

// transactional is the factor by which a write consumes more in a transaction:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html#write-operation-consumption
const transactional = 2

// TransactWriteItems calls the client. DynamoDB Local reports 2 units for any transaction of small items, so each write is first tried
// alone, on a copy of the item, and its consumption doubled.
func (m *Meter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	begin := time.Now()
	for _, write := range in.TransactItems {
		alone, err := m.alone(ctx, write)
		if err != nil {
			return nil, err
		}
		m.add(Usage{Writes: transactional * *alone.CapacityUnits})
	}
	m.add(Usage{Accounting: time.Since(begin)})
	return m.client.TransactWriteItems(ctx, in, opts...)
}

var errUnknownWrite = errors.New("the meter does not know this kind of write in a transaction")

// alone tries one write of a transaction.
func (m *Meter) alone(ctx context.Context, write types.TransactWriteItem) (*types.ConsumedCapacity, error) {
	switch {
	case write.Put != nil:
		return m.put(ctx, write.Put)
	case write.Delete != nil:
		return m.delete(ctx, write.Delete)
	case write.Update != nil:
		return m.update(ctx, write.Update)
	}
	return nil, errUnknownWrite
}

func (m *Meter) put(ctx context.Context, write *types.Put) (*types.ConsumedCapacity, error) {
	if err := m.copyItem(ctx, keyOf(write.Item)); err != nil {
		return nil, err
	}
	out, err := m.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &m.aside, Item: write.Item, ReturnConsumedCapacity: total})
	if err != nil {
		return nil, err
	}
	return out.ConsumedCapacity, nil
}

func (m *Meter) delete(ctx context.Context, write *types.Delete) (*types.ConsumedCapacity, error) {
	if err := m.copyItem(ctx, write.Key); err != nil {
		return nil, err
	}
	out, err := m.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &m.aside, Key: write.Key, ReturnConsumedCapacity: total})
	if err != nil {
		return nil, err
	}
	return out.ConsumedCapacity, nil
}

func (m *Meter) update(ctx context.Context, write *types.Update) (*types.ConsumedCapacity, error) {
	if err := m.copyItem(ctx, write.Key); err != nil {
		return nil, err
	}
	out, err := m.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &m.aside, Key: write.Key, UpdateExpression: write.UpdateExpression, ConditionExpression: write.ConditionExpression,
		ExpressionAttributeNames: write.ExpressionAttributeNames, ExpressionAttributeValues: write.ExpressionAttributeValues,
		ReturnConsumedCapacity: total,
	})
	if err != nil {
		return nil, err
	}
	return out.ConsumedCapacity, nil
}

// copyItem copies the item with this key to the table aside, or deletes it there if it does not exist.
func (m *Meter) copyItem(ctx context.Context, key map[string]types.AttributeValue) error {
	found, err := m.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &m.table, Key: key})
	if err != nil {
		return err
	}
	if found.Item == nil {
		_, err = m.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &m.aside, Key: key})
		return err
	}
	_, err = m.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &m.aside, Item: found.Item})
	return err
}

func keyOf(item map[string]types.AttributeValue) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}
}
