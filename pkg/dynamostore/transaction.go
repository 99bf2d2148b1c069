package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// condition must hold for the stored item, or the write fails with an error made by failed.
type condition struct {
	expression *string
	values     values
	failed     onFailedCondition
}

var always = condition{failed: internal}

func absent(failed onFailedCondition) condition {
	return condition{aws.String("attribute_not_exists(pk)"), nil, failed}
}

func versionIs(version int64) condition {
	return condition{aws.String("version = :version"), values{":version": number(version)}, conflict}
}

func ownedBy(id pat.UserID) condition {
	return condition{aws.String("userId = :userId"), values{":userId": number(id)}, internal}
}

// transaction collects writes that happen together or not at all. The account comes first; see explain.
type transaction struct {
	table  *string
	writes []types.TransactWriteItem
	failed []onFailedCondition
	err    error
}

func (s *Store) transaction() *transaction { return &transaction{table: &s.table} }

// commit executes the transaction. It can be called again: each call is another transaction to DynamoDB, while the SDK retries a
// call under one ClientRequestToken, so that its retries take effect once.
func (s *Store) commit(ctx context.Context, t *transaction) error {
	if t.err != nil {
		return internal(t.err)
	}
	_, err := s.api.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: t.writes})
	if err != nil {
		return translate("TransactWriteItems", s.table, err, t.failed...)
	}
	return nil
}

func (t *transaction) put(item any, only condition) {
	raw := t.marshal(item)
	t.add(only.failed, types.TransactWriteItem{Put: &types.Put{
		TableName:                 t.table,
		Item:                      raw,
		ConditionExpression:       only.expression,
		ExpressionAttributeValues: only.values,
	}})
}

func (t *transaction) delete(at key, only condition) {
	t.add(only.failed, types.TransactWriteItem{Delete: &types.Delete{
		TableName:                 t.table,
		Key:                       at.item(),
		ConditionExpression:       only.expression,
		ExpressionAttributeValues: only.values,
	}})
}

func (t *transaction) claim(id pat.UserID, keys []string) {
	for _, value := range keys {
		t.put(newUniqueItem(value, id), absent(userExists))
	}
}

func (t *transaction) release(id pat.UserID, keys []string) {
	for _, value := range keys {
		t.delete(uniqueKey(value), ownedBy(id))
	}
}

// countAdmin updates the counter of Account.PersonalAdmin if a user becomes or stops being one.
func (t *transaction) countAdmin(was, is bool) {
	switch {
	case !was && is:
		t.update(adminsKey, "ADD enabledAdmins :one", condition{values: values{":one": number(1)}, failed: internal})
	case was && !is:
		t.update(adminsKey, "ADD enabledAdmins :less", condition{
			expression: aws.String("enabledAdmins > :one"),
			values:     values{":one": number(1), ":less": number(-1)},
			failed:     lastAdmin,
		})
	}
}

func (t *transaction) update(at key, expression string, only condition) {
	t.add(only.failed, types.TransactWriteItem{Update: &types.Update{
		TableName:                 t.table,
		Key:                       at.item(),
		UpdateExpression:          &expression,
		ConditionExpression:       only.expression,
		ExpressionAttributeValues: only.values,
	}})
}

func (t *transaction) add(failed onFailedCondition, write types.TransactWriteItem) {
	t.writes = append(t.writes, write)
	t.failed = append(t.failed, failed)
}

func (t *transaction) marshal(item any) values {
	raw, err := attributevalue.MarshalMap(item)
	if err != nil {
		t.err = err
	}
	return raw
}
