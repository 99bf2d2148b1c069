package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/pat"
)

// ReserveUserIDs implements [pat.Store] with one UpdateItem.
func (s *Store) ReserveUserIDs(ctx context.Context, last pat.UserID) error {
	_, err := s.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.table,
		Key:                       usersKey.item(),
		UpdateExpression:          aws.String("SET lastId = :last"),
		ConditionExpression:       aws.String("attribute_not_exists(lastId) OR lastId < :last"),
		ExpressionAttributeValues: values{":last": number(last)},
	})
	if err != nil {
		return translate("UpdateItem", s.table, err, alreadyReserved)
	}
	return nil
}

func alreadyReserved(error) error { return nil }

// ImportAccount implements [pat.Store] with one transaction.
func (s *Store) ImportAccount(ctx context.Context, before, after pat.Account) error {
	after.Version = before.Version + 1
	t := s.replacement(before, after)
	if before.ID == 0 {
		t = s.creation(after, conflict)
	}
	for _, token := range after.Tokens {
		if _, had := before.Token(token.ID); !had {
			t.put(newImportedItem(token.Selector, after.ID), absent(conflict))
		}
	}
	return s.explainRefusal(after, s.commit(ctx, t))
}

// LookUp implements [pat.Store] with one Query, the only read that the authorizer is allowed.
func (s *Store) LookUp(ctx context.Context, selector pat.Selector) (pat.UserID, error) {
	found, err := s.query(ctx, s.partition(importedKey(selector).PK))
	if err != nil {
		return 0, err
	}
	if len(found.Items) == 0 {
		return 0, pat.NoUser(nil)
	}
	item, err := decode[importedItem](found.Items[0], importedForm())
	return pat.UserID(item.UserID), err
}
