package dynamotest_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
)

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func key(sk string) item { return item{"pk": text("a"), "sk": text(sk)} }

// sized returns an item of this many bytes, as DynamoDB counts names and values.
func sized(sk string, bytes int) item {
	made := key(sk)
	made["v"] = text(strings.Repeat("x", bytes-len("pk")-len("a")-len("sk")-len(sk)-len("v")))
	return made
}

// TestMeter checks units by AWS's rule: one for each KB begun that an item has when written, twice that in a transaction, and
// one for each 4 KB begun of what a consistent Query reads.
func TestMeter(t *testing.T) {
	t.Parallel()
	put := func(made item) types.TransactWriteItem { return types.TransactWriteItem{Put: &types.Put{Item: made}} }
	remove := func(sk string) types.TransactWriteItem {
		return types.TransactWriteItem{Delete: &types.Delete{Key: key(sk)}}
	}
	for name, c := range map[string]struct {
		there  []item
		writes []types.TransactWriteItem
		want   dynamotest.Usage // the reads are those of a Query afterwards
	}{
		"a small item":                    {nil, []types.TransactWriteItem{put(sized("b", 20))}, usage(1, 2)},
		"1 KB":                            {nil, []types.TransactWriteItem{put(sized("b", 1024))}, usage(1, 2)},
		"1 KB and a byte":                 {nil, []types.TransactWriteItem{put(sized("b", 1025))}, usage(1, 4)},
		"4 KB":                            {nil, []types.TransactWriteItem{put(sized("b", 4096))}, usage(1, 8)},
		"4 KB and a byte":                 {nil, []types.TransactWriteItem{put(sized("b", 4097))}, usage(2, 10)},
		"two items":                       {nil, []types.TransactWriteItem{put(sized("b", 1025)), put(sized("c", 20))}, usage(1, 6)},
		"a large item becomes small":      {[]item{sized("b", 3000)}, []types.TransactWriteItem{put(sized("b", 20))}, usage(1, 6)},
		"a small item becomes large":      {[]item{sized("b", 20)}, []types.TransactWriteItem{put(sized("b", 3000))}, usage(1, 6)},
		"a large item is deleted":         {[]item{sized("b", 3000)}, []types.TransactWriteItem{remove("b")}, usage(1, 6)},
		"what is not there is deleted":    {nil, []types.TransactWriteItem{remove("b")}, usage(1, 2)},
		"a counter begins":                {nil, []types.TransactWriteItem{count("b")}, usage(1, 2)},
		"a counter in a large item moves": {[]item{sized("b", 2000)}, []types.TransactWriteItem{count("b")}, usage(1, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := dynamostore.NewClient(dynamotest.Settings(t))
			table := "test-" + rand.Text()
			must(t, dynamostore.CreateTable(t.Context(), client, table))
			for _, made := range c.there {
				_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: made})
				must(t, err)
			}
			meter, err := dynamotest.NewMeter(t.Context(), client, table)
			must(t, err)
			must(t, transact(t.Context(), meter, table, c.writes))
			must(t, query(t.Context(), meter, table))
			got := meter.Take()
			got.Accounting = 0
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if again := meter.Take(); again != (dynamotest.Usage{}) {
				t.Errorf("after Take: %+v", again)
			}
		})
	}
}

func usage(reads, writes float64) dynamotest.Usage {
	return dynamotest.Usage{Reads: reads, Writes: writes}
}

// count returns an update that increments a counter, on a condition with values.
func count(sk string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		Key: key(sk), UpdateExpression: aws.String("ADD n :one"), ConditionExpression: aws.String("attribute_not_exists(n) OR n > :none"),
		ExpressionAttributeValues: item{":one": &types.AttributeValueMemberN{Value: "1"}, ":none": &types.AttributeValueMemberN{Value: "0"}},
	}}
}

func transact(ctx context.Context, meter *dynamotest.Meter, table string, writes []types.TransactWriteItem) error {
	for _, write := range writes {
		switch {
		case write.Put != nil:
			write.Put.TableName = &table
		case write.Delete != nil:
			write.Delete.TableName = &table
		default:
			write.Update.TableName = &table
		}
	}
	_, err := meter.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	return err
}

func query(ctx context.Context, meter *dynamotest.Meter, table string) error {
	_, err := meter.Query(ctx, &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": text("a")},
	})
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
