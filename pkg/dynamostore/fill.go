package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/pat"
)

// FillAPI is what Fill calls of DynamoDB; *dynamodb.Client has it.
type FillAPI interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
}

const (
	// batchMost is how many items a BatchWriteItem takes (a DynamoDB limit).
	batchMost = 25
	// fillWorkers is how many calls are under way at once: as many as the SDK keeps connections.
	fillWorkers = 10
	// unfinished stands in place of the last user ID while Fill works. It is no number, so that no user can be made meanwhile.
	unfinished = "an unfinished bulk load"
)

var errNotTaken = errors.New("DynamoDB went on to leave items unprocessed")

// Fill writes accounts into a table in which no user was ever made. They come in rising order of ID and are kept as they are, with
// versions and uses. The table is what the operations of a Store would have made of it, with the highest ID as the last one
// given. Until all is written, a mark stands in place of the counter of user IDs, on which each CreateAccount fails: a table in
// which Fill did not finish is to be deleted.
// Errors: KindInvalid if a user was made, or a Fill begun, in the table, and for an account that breaks a rule; KindUserExists;
// KindUnavailable, KindInternal.
func Fill(ctx context.Context, api FillAPI, table string, accounts iter.Seq[pat.Account]) error {
	return fill(ctx, api, table, accounts, pause)
}

func fill(ctx context.Context, api FillAPI, table string, accounts iter.Seq[pat.Account], wait waiter) error {
	f := &filling{api: api, table: table, wait: wait, roster: pat.NewRoster(), batches: make(chan []types.WriteRequest)}
	if err := f.begin(ctx); err != nil {
		return err
	}
	if err := f.load(ctx, accounts); err != nil {
		return err
	}
	return f.finish(ctx)
}

// filling is a Fill under way.
type filling struct {
	api     FillAPI
	table   string
	wait    waiter
	roster  *pat.Roster
	batches chan []types.WriteRequest
	// batch is the next one, while it is not full.
	batch []types.WriteRequest
}

// begin marks the table, which must not have a counter of user IDs: every way to make a user writes it first.
func (f *filling) begin(ctx context.Context) error {
	mark := usersKey.item()
	mark["lastId"] = text(unfinished)
	_, err := f.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &f.table, Item: mark, ConditionExpression: aws.String("attribute_not_exists(pk)"),
	})
	if err != nil {
		return translate("PutItem", f.table, err, f.inUse)
	}
	return nil
}

func (f *filling) inUse(cause error) error {
	return &pat.Error{Kind: pat.KindInvalid, Message: fmt.Sprintf("Table %q has had users or an unfinished bulk load.", f.table), Err: cause}
}

// load writes the items of all users, side by side, and stops at the first failure.
func (f *filling) load(ctx context.Context, accounts iter.Seq[pat.Account]) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	for range fillWorkers {
		workers.Go(func() {
			for batch := range f.batches {
				if err := f.write(ctx, batch); err != nil {
					stop(err)
				}
			}
		})
	}
	err := f.feed(ctx, accounts)
	close(f.batches)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause // of which what feed says is a consequence
	}
	if _, known := errors.AsType[*pat.Error](err); known || err == nil {
		return err
	}
	return pat.Unavailable(err)
}

func (f *filling) feed(ctx context.Context, accounts iter.Seq[pat.Account]) error {
	for account := range accounts {
		if err := f.roster.Add(account); err != nil {
			return err
		}
		for _, item := range itemsOf(account) {
			if err := f.add(ctx, item); err != nil {
				return err
			}
		}
	}
	return f.send(ctx)
}

// itemsOf are the items of a user who is in a table.
func itemsOf(account pat.Account) []any {
	items := []any{newAccountItem(account), newSeenItem(account), newDirectoryItem(account)}
	for _, value := range account.UniqueKeys() {
		items = append(items, newUniqueItem(value, account.ID))
	}
	return items
}

func (f *filling) add(ctx context.Context, item any) error {
	raw, err := attributevalue.MarshalMap(item)
	if err != nil {
		return internal(err)
	}
	f.batch = append(f.batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: raw}})
	if len(f.batch) < batchMost {
		return nil
	}
	return f.send(ctx)
}

// send hands the batch to a worker.
func (f *filling) send(ctx context.Context) error {
	if len(f.batch) == 0 {
		return nil
	}
	select {
	case f.batches <- f.batch:
		f.batch = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write writes a batch, and what DynamoDB leaves of it again, with growing pauses, until nothing is left.
func (f *filling) write(ctx context.Context, batch []types.WriteRequest) error {
	for try := range maxTries {
		output, err := f.api.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{f.table: batch},
		})
		if err != nil {
			return translate("BatchWriteItem", f.table, err)
		}
		if batch = output.UnprocessedItems[f.table]; len(batch) == 0 {
			return nil
		}
		if err := f.wait(ctx, try); err != nil {
			return pat.Unavailable(err)
		}
	}
	return pat.Unavailable(errNotTaken)
}

// finish writes the counters; that of the user IDs, which makes the table a whole one, comes last.
func (f *filling) finish(ctx context.Context) error {
	if f.roster.Admins > 0 {
		if err := f.count(ctx, adminsKey, "enabledAdmins", int64(f.roster.Admins)); err != nil {
			return err
		}
	}
	return f.count(ctx, usersKey, "lastId", int64(f.roster.LastUser))
}

func (f *filling) count(ctx context.Context, at key, name string, n int64) error {
	counter := at.item()
	counter[name] = number(n)
	if _, err := f.api.PutItem(ctx, &dynamodb.PutItemInput{TableName: &f.table, Item: counter}); err != nil {
		return translate("PutItem", f.table, err)
	}
	return nil
}
