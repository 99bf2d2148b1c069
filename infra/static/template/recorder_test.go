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

	"pats/pkg/dynamostore"
)

// recorder passes requests on to DynamoDB and records what each function accesses.
type recorder struct {
	dynamostore.API
	mu sync.Mutex
	// recorded has the accesses by function and by their text.
	recorded map[string]map[string]access
}

func newRecorder(api dynamostore.API) *recorder {
	return &recorder{API: api, recorded: map[string]map[string]access{}}
}

// accesses returns each access of a function once, in order.
func (r *recorder) accesses(function string) []access {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []access
	for _, text := range slices.Sorted(maps.Keys(r.recorded[function])) {
		all = append(all, r.recorded[function][text])
	}
	return all
}

func (r *recorder) record(function string, a access) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recorded[function] == nil {
		r.recorded[function] = map[string]access{}
	}
	r.recorded[function][a.String()] = a
}

type functionKey struct{}

// within marks requests with ctx as those of a function.
func within(ctx context.Context, function string) context.Context {
	return context.WithValue(ctx, functionKey{}, function)
}

func functionOf(ctx context.Context) string {
	function, _ := ctx.Value(functionKey{}).(string)
	return function
}

func (r *recorder) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	r.record(functionOf(ctx), queryAccess(in))
	return r.API.Query(ctx, in, opts...)
}

func (r *recorder) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	put := types.Put{Item: in.Item, ConditionExpression: in.ConditionExpression, ExpressionAttributeNames: in.ExpressionAttributeNames}
	r.record(functionOf(ctx), accessOf(types.TransactWriteItem{Put: &put}, in.ReturnValues))
	return r.API.PutItem(ctx, in, opts...)
}

func (r *recorder) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	update := types.Update{
		Key: in.Key, UpdateExpression: in.UpdateExpression, ConditionExpression: in.ConditionExpression,
		ExpressionAttributeNames: in.ExpressionAttributeNames,
	}
	r.record(functionOf(ctx), accessOf(types.TransactWriteItem{Update: &update}, in.ReturnValues))
	return r.API.UpdateItem(ctx, in, opts...)
}

// TransactWriteItems records each write, since IAM authorizes each:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
func (r *recorder) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, write := range in.TransactItems {
		r.record(functionOf(ctx), accessOf(write, ""))
	}
	return r.API.TransactWriteItems(ctx, in, opts...)
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
