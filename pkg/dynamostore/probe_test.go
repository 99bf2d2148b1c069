package dynamostore_test

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"pats/pkg/dynamostore"
)

// The operations of dynamostore.API.
const (
	query    = "Query"
	put      = "PutItem"
	update   = "UpdateItem"
	transact = "TransactWriteItems"
)

// probe forwards calls to a client, counts them and the capacity that DynamoDB reports, and fails on demand.
type probe struct {
	client dynamostore.API
	mu     sync.Mutex
	calls  map[string]int
	units  map[string]float64
	plans  map[string][]plan
}

// plan is the outcome of one call: before runs ahead of it, refuse replaces its response, lose drops its response.
type plan struct {
	before func()
	refuse error
	lose   bool
}

func newProbe(client dynamostore.API) *probe {
	p := &probe{client: client, plans: map[string][]plan{}}
	p.forget()
	return p
}

func (p *probe) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.units = map[string]int{}, map[string]float64{}
}

func (p *probe) plan(operation string, next ...plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plans[operation] = append(p.plans[operation], next...)
}

// made returns the number of calls since the last forget.
func (p *probe) made() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// used returns the read or write units of operation since the last forget.
func (p *probe) used(operation string) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.units[operation]
}

func (p *probe) next(operation string) plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[operation]++
	if len(p.plans[operation]) == 0 {
		return plan{}
	}
	next := p.plans[operation][0]
	p.plans[operation] = p.plans[operation][1:]
	return next
}

func (p *probe) consume(operation string, capacity *types.ConsumedCapacity) {
	if capacity == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.units[operation] += aws.ToFloat64(capacity.CapacityUnits)
}

// pass makes the call as planned.
func pass[T any](p *probe, operation string, call func() (*T, *types.ConsumedCapacity, error)) (*T, error) {
	next := p.next(operation)
	if next.before != nil {
		next.before()
	}
	if next.refuse != nil {
		return nil, next.refuse
	}
	output, capacity, err := call()
	p.consume(operation, capacity)
	if next.lose {
		return nil, networkError(operation)
	}
	return output, err
}

// networkError returns the SDK's error for a broken connection.
func networkError(operation string) error {
	return operationError(operation, &smithyhttp.RequestSendError{Err: errors.New("connection reset by peer")})
}

func operationError(operation string, err error) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", OperationName: operation, Err: err}
}

const total = types.ReturnConsumedCapacityTotal

func (p *probe) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return pass(p, query, func() (*dynamodb.QueryOutput, *types.ConsumedCapacity, error) {
		if !aws.ToBool(in.ConsistentRead) {
			p.next("eventually consistent Query")
		}
		in.ReturnConsumedCapacity = total
		out, err := p.client.Query(ctx, in, opts...)
		if err != nil {
			return nil, nil, err
		}
		return out, out.ConsumedCapacity, nil
	})
}

func (p *probe) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return pass(p, put, func() (*dynamodb.PutItemOutput, *types.ConsumedCapacity, error) {
		in.ReturnConsumedCapacity = total
		out, err := p.client.PutItem(ctx, in, opts...)
		if err != nil {
			return nil, nil, err
		}
		return out, out.ConsumedCapacity, nil
	})
}

func (p *probe) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return pass(p, update, func() (*dynamodb.UpdateItemOutput, *types.ConsumedCapacity, error) {
		in.ReturnConsumedCapacity = total
		out, err := p.client.UpdateItem(ctx, in, opts...)
		if err != nil {
			return nil, nil, err
		}
		return out, out.ConsumedCapacity, nil
	})
}

// TransactWriteItems does not request the capacity, since DynamoDB Local reports 2 for any transaction of small items.
func (p *probe) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return pass(p, transact, func() (*dynamodb.TransactWriteItemsOutput, *types.ConsumedCapacity, error) {
		out, err := p.client.TransactWriteItems(ctx, in, opts...)
		return out, nil, err
	})
}
