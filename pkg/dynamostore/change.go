package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// maxTries bounds the commits of a new account that conflict with other transactions.
const maxTries = 20

var (
	errIDTaken = errors.New("the user ID is taken")
	errBusy    = errors.New("every commit conflicted with another transaction")
	errCounter = errors.New("the counter of user IDs is not a number")
)

// ReplaceAccount implements [pat.Store] with one PutItem, or one transaction if the profile or the login changes.
func (s *Store) ReplaceAccount(ctx context.Context, before, after pat.Account) error {
	after.ID, after.Version = before.ID, before.Version+1
	if newDirectoryItem(before) == newDirectoryItem(after) && before.SignIn.Login == after.SignIn.Login {
		return s.explainRefusal(after, s.putAccount(ctx, after, versionIs(before.Version)))
	}
	return s.explainRefusal(after, s.commit(ctx, s.replacement(before, after)))
}

func (s *Store) replacement(before, after pat.Account) *transaction {
	had, has := before.UniqueKeys(), after.UniqueKeys()
	t := s.transaction()
	t.put(newAccountItem(after), versionIs(before.Version))
	t.claim(after.ID, without(has, had))
	t.release(after.ID, without(had, has))
	t.put(newDirectoryItem(after), always)
	t.countAdmin(before.PersonalAdmin(), after.PersonalAdmin())
	return t
}

func (s *Store) putAccount(ctx context.Context, account pat.Account, only condition) error {
	raw, err := attributevalue.MarshalMap(newAccountItem(account))
	if err != nil {
		return internal(err)
	}
	_, err = s.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                 &s.table,
		Item:                      raw,
		ConditionExpression:       only.expression,
		ExpressionAttributeValues: only.values,
	})
	if err != nil {
		return translate("PutItem", s.table, err, only.failed)
	}
	return nil
}

// without returns the values that others lacks.
func without(values, others []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool { return slices.Contains(others, value) })
}

// DeleteAccount implements [pat.Store] with one transaction.
func (s *Store) DeleteAccount(ctx context.Context, account pat.Account) error {
	t := s.transaction()
	t.delete(accountKey(account.ID), versionIs(account.Version))
	t.delete(seenKey(account.ID), always)
	t.release(account.ID, account.UniqueKeys())
	t.delete(newDirectoryItem(account).key, always)
	t.countAdmin(account.PersonalAdmin(), false)
	return s.commit(ctx, t)
}

// CreateAccount implements [pat.Store] with one UpdateItem for the ID and one transaction.
func (s *Store) CreateAccount(ctx context.Context, draft pat.Account) (pat.Account, error) {
	id, err := s.nextID(ctx)
	if err != nil {
		return pat.Account{}, err
	}
	draft.ID, draft.Tokens, draft.Version = id, nil, 1
	if err := s.create(ctx, draft); err != nil {
		return pat.Account{}, err
	}
	return newAccountItem(draft).account(id, seenItem{})
}

func (s *Store) nextID(ctx context.Context) (pat.UserID, error) {
	output, err := s.api.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.table,
		Key:                       usersKey.item(),
		UpdateExpression:          aws.String("ADD lastId :one"),
		ExpressionAttributeValues: values{":one": number(1)},
		ReturnValues:              types.ReturnValueUpdatedNew,
	})
	if err != nil {
		return 0, translate("UpdateItem", s.table, err)
	}
	last, _ := output.Attributes["lastId"].(*types.AttributeValueMemberN)
	if last == nil {
		return 0, internal(errCounter)
	}
	id, err := strconv.ParseInt(last.Value, 10, 64)
	if err != nil {
		return 0, internal(errCounter)
	}
	return pat.UserID(id), nil
}

// create commits the new account until the outcome is certain. No other call has this ID, so if it is taken after a commit that
// failed, that commit took effect: the client may have sent it twice, and returns only the last response.
func (s *Store) create(ctx context.Context, account pat.Account) error {
	creation := s.creation(account, idTaken)
	silent := false
	for try := range maxTries {
		err := s.commit(ctx, creation)
		switch {
		case err == nil, try > 0 && errors.Is(err, errIDTaken):
			return nil
		case pat.KindOf(err) == pat.KindUnavailable && !silent:
			silent = true
		case pat.KindOf(err) != pat.KindConflict:
			return err
		}
		if err := s.wait(ctx, try); err != nil {
			return pat.Unavailable(err)
		}
	}
	return pat.Unavailable(errBusy)
}

func (s *Store) creation(account pat.Account, taken onFailedCondition) *transaction {
	t := s.transaction()
	t.put(newAccountItem(account), absent(taken))
	t.put(newSeenItem(account), always)
	t.claim(account.ID, account.UniqueKeys())
	t.put(newDirectoryItem(account), always)
	t.countAdmin(false, account.PersonalAdmin())
	return t
}

func idTaken(cause error) error { return internal(fmt.Errorf("%w: %w", errIDTaken, cause)) }
