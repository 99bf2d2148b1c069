package template_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The actions that the calls of dynamostore.API need.
const (
	query     = "dynamodb:Query"
	putItem   = "dynamodb:PutItem"
	update    = "dynamodb:UpdateItem"
	deletes   = "dynamodb:DeleteItem"
	condition = "dynamodb:ConditionCheckItem"
)

// policed is DynamoDB to a function: it refuses as IAM does what the function's role does not allow, and knows what was asked.
type policed struct {
	client  dynamostore.API
	allowed []string
	mu      sync.Mutex
	asked   map[string]bool
}

func newPoliced(client dynamostore.API, allowed []string) *policed {
	return &policed{client: client, allowed: allowed, asked: map[string]bool{}}
}

// actions are all that was asked for.
func (p *policed) actions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.asked))
}

func (p *policed) ask(operation string, actions ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, action := range actions {
		p.asked[action] = true
		if !slices.Contains(p.allowed, action) {
			denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: action, Fault: smithy.FaultClient}
			return &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: operation, Err: denied}
		}
	}
	return nil
}

func (p *policed) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := p.ask("Query", query); err != nil {
		return nil, err
	}
	return p.client.Query(ctx, in, opts...)
}

func (p *policed) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := p.ask("PutItem", putItem); err != nil {
		return nil, err
	}
	return p.client.PutItem(ctx, in, opts...)
}

func (p *policed) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := p.ask("UpdateItem", update); err != nil {
		return nil, err
	}
	return p.client.UpdateItem(ctx, in, opts...)
}

// TransactWriteItems is allowed by the actions that it is made of:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func (p *policed) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	var actions []string
	for _, write := range in.TransactItems {
		actions = append(actions, actionOf(write))
	}
	if err := p.ask("TransactWriteItems", actions...); err != nil {
		return nil, err
	}
	return p.client.TransactWriteItems(ctx, in, opts...)
}

func actionOf(write types.TransactWriteItem) string {
	switch {
	case write.Put != nil:
		return putItem
	case write.Update != nil:
		return update
	case write.Delete != nil:
		return deletes
	}
	return condition
}

// TestPolicedRefuses: a call that the role does not allow fails, and none reaches the client, which is not there.
func TestPolicedRefuses(t *testing.T) {
	t.Parallel()
	account := pat.Account{ID: 1, Profile: pattest.Profile("ann", pat.Viewer), NextTokenID: 2, Version: 1}
	tests := []struct {
		name    string
		allowed []string
		do      func(context.Context, *dynamostore.Store) error
		refused string
	}{
		{"query", []string{putItem, update, deletes}, func(ctx context.Context, s *dynamostore.Store) error {
			return s.Warm(ctx)
		}, query},
		{"put", []string{query, update, deletes}, func(ctx context.Context, s *dynamostore.Store) error {
			return s.ReplaceAccount(ctx, account, account)
		}, putItem},
		{"update", []string{query, putItem, deletes}, func(ctx context.Context, s *dynamostore.Store) error {
			return s.MarkSeen(ctx, account, 1, time.Now())
		}, update},
		{"a transaction with a delete", []string{query, putItem, update}, func(ctx context.Context, s *dynamostore.Store) error {
			return s.DeleteAccount(ctx, account)
		}, deletes},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := newPoliced(nil, test.allowed)
			pattest.WantKind(t, test.do(t.Context(), dynamostore.New(api, "any")), pat.KindInternal)
			if !slices.Contains(api.actions(), test.refused) {
				t.Errorf("asked: got %v, want %s among them", api.actions(), test.refused)
			}
		})
	}
}
