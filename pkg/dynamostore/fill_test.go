package dynamostore_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestFillConformance(t *testing.T) {
	t.Parallel()
	client := newClient(t)
	pattest.RunFill(t, func(t *testing.T) pattest.Place {
		t.Helper()
		table := newTable(t, client)
		return pattest.Place{
			Fill: func(ctx context.Context, accounts iter.Seq[pat.Account]) error {
				return dynamostore.Fill(ctx, client, table, accounts)
			},
			Open: func(t *testing.T) pat.Store {
				t.Helper()
				return dynamostore.New(client, table)
			},
			Content: func(t *testing.T) map[string]string {
				t.Helper()
				return content(t, client, table)
			},
		}
	})
}

func newTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	table := "test-" + rand.Text()
	if err := dynamostore.CreateTable(t.Context(), client, table); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	return table
}

// content is every item of a table, with its attributes and their types.
func content(t *testing.T, client *dynamodb.Client, table string) map[string]string {
	t.Helper()
	items := map[string]string{}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		for _, raw := range page.Items {
			var at struct{ PK, SK string }
			if err := attributevalue.UnmarshalMap(raw, &at); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(raw)
			if err != nil {
				t.Fatal(err)
			}
			items[at.PK+" "+at.SK] = string(text)
		}
	}
	return items
}

// busy is a DynamoDB that takes one item of each call while it is patient.
type busy struct {
	*dynamodb.Client
	mu      sync.Mutex
	patient int
	calls   int
}

func (b *busy) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	b.mu.Lock()
	b.calls++
	whole := b.calls > b.patient
	b.mu.Unlock()
	if whole {
		return b.Client.BatchWriteItem(ctx, in, opts...)
	}
	taken, left := map[string][]types.WriteRequest{}, map[string][]types.WriteRequest{}
	for table, writes := range in.RequestItems {
		taken[table], left[table] = writes[:1], writes[1:]
	}
	output, err := b.Client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: taken}, opts...)
	if err != nil {
		return nil, err
	}
	output.UnprocessedItems = left
	return output, nil
}

// TestFillSendsAgain fills a table of a DynamoDB that leaves most of what it is given.
func TestFillSendsAgain(t *testing.T) {
	t.Parallel()
	client := &busy{Client: newClient(t), patient: 30}
	busyTable, table := newTable(t, client.Client), newTable(t, client.Client)
	accounts := users(20)
	if err := dynamostore.FillWithoutPauses(t.Context(), client, busyTable, slices.Values(accounts)); err != nil {
		t.Fatalf("Fill: %v", err)
	}
	if err := dynamostore.Fill(t.Context(), client.Client, table, slices.Values(accounts)); err != nil {
		t.Fatalf("Fill: %v", err)
	}
	got := content(t, client.Client, busyTable)
	equal(t, "content", got, content(t, client.Client, table))
	if counter, found := got["SYSTEM ADMINS"]; found {
		t.Errorf("got %s, though there never was an Admin", counter)
	}
	if client.calls < client.patient {
		t.Errorf("got %d calls, want more than %d", client.calls, client.patient)
	}
}

// TestFillGivesUp fills a table of a DynamoDB that takes next to nothing.
func TestFillGivesUp(t *testing.T) {
	t.Parallel()
	client := &busy{Client: newClient(t), patient: 1000}
	table := newTable(t, client.Client)
	err := dynamostore.FillWithoutPauses(t.Context(), client, table, slices.Values(users(20)))
	pattest.WantKind(t, err, pat.KindUnavailable)
	_, err = dynamostore.New(client, table).CreateAccount(t.Context(), pat.Account{Profile: pattest.Profile("ann", pat.Viewer), NextTokenID: 1})
	pattest.WantKind(t, err, pat.KindInternal)
}

// TestFillTakesTurns begins two at once.
func TestFillTakesTurns(t *testing.T) {
	t.Parallel()
	client := newClient(t)
	table := newTable(t, client)
	var second error
	accounts := users(40)
	err := dynamostore.Fill(t.Context(), client, table, func(yield func(pat.Account) bool) {
		second = dynamostore.Fill(t.Context(), client, table, slices.Values(accounts))
		slices.Values(accounts)(yield)
	})
	if err != nil {
		t.Errorf("the first: %v", err)
	}
	pattest.WantKind(t, second, pat.KindInvalid)
}

// users are n users without tokens.
func users(n int) []pat.Account {
	accounts := make([]pat.Account, n)
	for i := range accounts {
		profile := pattest.Profile(fmt.Sprintf("user%d", i), pat.Viewer)
		accounts[i] = pat.Account{ID: pat.UserID(i + 1), Profile: profile, CreatedAt: pattest.Start, NextTokenID: 1, Version: 1}
	}
	return accounts
}
