package template_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"pats/pkg/dynamostore"
)

// policed is DynamoDB as a function sees it: it refuses what the function's role does not allow, as IAM does, and records what was
// asked for.
type policed struct {
	client dynamostore.API
	policy policy
	mu     sync.Mutex
	asked  map[string]access
}

func newPoliced(client dynamostore.API, policy policy) *policed {
	return &policed{client: client, policy: policy, asked: map[string]access{}}
}

// accesses returns everything that was asked for, ordered.
func (p *policed) accesses() []access {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []access
	for _, name := range slices.Sorted(maps.Keys(p.asked)) {
		all = append(all, p.asked[name])
	}
	return all
}

func (p *policed) ask(operation string, accesses ...access) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range accesses {
		p.asked[a.String()] = a
		if !p.policy.allows(a) {
			denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: a.String(), Fault: smithy.FaultClient}
			return &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: operation, Err: denied}
		}
	}
	return nil
}

func (p *policed) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := p.ask("Query", queryAccess(in)); err != nil {
		return nil, err
	}
	return p.client.Query(ctx, in, opts...)
}

func (p *policed) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	put := types.Put{Item: in.Item, ConditionExpression: in.ConditionExpression, ExpressionAttributeNames: in.ExpressionAttributeNames}
	if err := p.ask("PutItem", accessOf(types.TransactWriteItem{Put: &put}, in.ReturnValues)); err != nil {
		return nil, err
	}
	return p.client.PutItem(ctx, in, opts...)
}

func (p *policed) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	update := types.Update{
		Key: in.Key, UpdateExpression: in.UpdateExpression, ConditionExpression: in.ConditionExpression,
		ExpressionAttributeNames: in.ExpressionAttributeNames,
	}
	if err := p.ask("UpdateItem", accessOf(types.TransactWriteItem{Update: &update}, in.ReturnValues)); err != nil {
		return nil, err
	}
	return p.client.UpdateItem(ctx, in, opts...)
}

// TransactWriteItems is authorized write by write: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func (p *policed) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	var accesses []access
	for _, write := range in.TransactItems {
		accesses = append(accesses, accessOf(write, ""))
	}
	if err := p.ask("TransactWriteItems", accesses...); err != nil {
		return nil, err
	}
	return p.client.TransactWriteItems(ctx, in, opts...)
}

var partitionKey = regexp.MustCompile(`\bpk = (:\w+)`)

func queryAccess(in *dynamodb.QueryInput) access {
	a := access{action: query, returns: string(types.ReturnValueNone)}
	if match := partitionKey.FindStringSubmatch(aws.ToString(in.KeyConditionExpression)); match != nil {
		a.key = textOf(in.ExpressionAttributeValues[match[1]])
	}
	a.attributes = attributesIn(in.ExpressionAttributeNames, in.KeyConditionExpression, in.FilterExpression, in.ProjectionExpression)
	return a
}

func accessOf(write types.TransactWriteItem, returns types.ReturnValue) access {
	if returns == "" {
		returns = types.ReturnValueNone
	}
	switch {
	case write.Put != nil:
		return newAccess(putItem, returns, write.Put.Item, write.Put.ExpressionAttributeNames, write.Put.ConditionExpression)
	case write.Update != nil:
		return newAccess(updateItem, returns, write.Update.Key, write.Update.ExpressionAttributeNames, write.Update.UpdateExpression, write.Update.ConditionExpression)
	case write.Delete != nil:
		return newAccess(deleteItem, returns, write.Delete.Key, write.Delete.ExpressionAttributeNames, write.Delete.ConditionExpression)
	}
	check := write.ConditionCheck
	return newAccess(checkItem, returns, check.Key, check.ExpressionAttributeNames, check.ConditionExpression)
}

func newAccess(action string, returns types.ReturnValue, item map[string]types.AttributeValue, names map[string]string, expressions ...*string) access {
	attributes := append(slices.Collect(maps.Keys(item)), attributesIn(names, expressions...)...)
	slices.Sort(attributes)
	return access{action: action, key: textOf(item["pk"]), attributes: slices.Compact(attributes), returns: string(returns)}
}

// word matches a name, a placeholder, a value or a path's further element in an expression of DynamoDB.
var word = regexp.MustCompile(`[.:]?#?[A-Za-z_]\w*`)

// reserved are the words of expressions that name no attribute. Functions that the store does not use are missing, so they would count
// as attributes and be refused.
var reserved = []string{"SET", "ADD", "REMOVE", "AND", "OR", "NOT", "attribute_exists", "attribute_not_exists"}

// attributesIn returns the top-level attributes in expressions.
func attributesIn(names map[string]string, expressions ...*string) []string {
	var attributes []string
	for _, expression := range expressions {
		for _, found := range word.FindAllString(aws.ToString(expression), -1) {
			switch {
			case found[0] == '.' || found[0] == ':' || slices.Contains(reserved, found):
			case found[0] == '#':
				attributes = append(attributes, names[found])
			default:
				attributes = append(attributes, found)
			}
		}
	}
	return attributes
}

func textOf(value types.AttributeValue) string {
	text, _ := value.(*types.AttributeValueMemberS)
	if text == nil {
		return ""
	}
	return text.Value
}
