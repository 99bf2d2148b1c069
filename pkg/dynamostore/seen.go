package dynamostore

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

const (
	// forgetFrom is the number of recorded uses of tokens that are gone at which a write removes them.
	forgetFrom = pat.MaxTokens
	// forgetMost bounds the uses that one write removes: an update takes at most 300 operators (a DynamoDB limit).
	forgetMost = 100
)

// MarkSeen implements [pat.Store] with one UpdateItem, which returns the updated item at no charge. If that has uses
// of forgetFrom tokens that are gone, a second UpdateItem removes them. So the item stays below 1 KB however many tokens come and go,
// and at most one use in ten costs a second write.
func (s *Store) MarkSeen(ctx context.Context, account pat.Account, token pat.TokenID, at time.Time) error {
	output, err := s.api.UpdateItem(ctx, s.use(account.ID, token, at))
	if err != nil {
		return translate("UpdateItem", s.table, err, nothingToRecord)
	}
	item, err := decode[seenItem](output.Attributes, seenForm())
	if err != nil {
		return err
	}
	gone := item.gone(account)
	if len(gone) < forgetFrom {
		return nil
	}
	return s.forget(ctx, account.ID, gone[:min(len(gone), forgetMost)])
}

// nothingToRecord returns no error: a recent use is recorded, or the user is deleted or being deleted.
func nothingToRecord(error) error { return nil }

func (s *Store) use(user pat.UserID, token pat.TokenID, at time.Time) *dynamodb.UpdateItemInput {
	return &dynamodb.UpdateItemInput{
		TableName:                &s.table,
		Key:                      seenKey(user).item(),
		UpdateExpression:         aws.String("SET seen.#token = :at"),
		ConditionExpression:      aws.String("attribute_exists(pk) AND (attribute_not_exists(seen.#token) OR seen.#token <= :old)"),
		ExpressionAttributeNames: map[string]string{"#token": seenName(token)},
		ExpressionAttributeValues: values{
			":at":  number(at.UnixMilli()),
			":old": number(at.Add(-pat.SeenInterval).UnixMilli()),
		},
		ReturnValues: types.ReturnValueAllNew,
	}
}

// gone returns the tokens in the item that account lacks, except those created after account was read.
func (i seenItem) gone(account pat.Account) []pat.TokenID {
	gone := maps.Clone(i.Seen)
	maps.DeleteFunc(gone, func(id pat.TokenID, _ int64) bool { return id >= account.NextTokenID })
	for _, token := range account.Tokens {
		delete(gone, token.ID)
	}
	return slices.Sorted(maps.Keys(gone))
}

func (s *Store) forget(ctx context.Context, user pat.UserID, gone []pat.TokenID) error {
	names := make(map[string]string, len(gone))
	paths := make([]string, len(gone))
	for i, id := range gone {
		alias := "#t" + strconv.Itoa(i)
		names[alias] = seenName(id)
		paths[i] = "seen." + alias
	}
	_, err := s.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &s.table,
		Key:                      seenKey(user).item(),
		UpdateExpression:         aws.String("REMOVE " + strings.Join(paths, ", ")),
		ConditionExpression:      aws.String("attribute_exists(pk)"),
		ExpressionAttributeNames: names,
	})
	if err != nil {
		return translate("UpdateItem", s.table, err, nothingToRecord)
	}
	return nil
}
