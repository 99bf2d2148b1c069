package dynamostore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/pkg/dynamostore"
	"pats/pkg/pat/pattest"
)

// BenchmarkAccount decodes an account from the items of a Query's response.
func BenchmarkAccount(b *testing.B) {
	for _, size := range pattest.Sizes {
		b.Run(size.Name, func(b *testing.B) {
			store := dynamostore.New(answering{output: partition(b, size.Tokens)}, "tokens")
			b.ReportAllocs()
			for b.Loop() {
				account, err := store.Account(b.Context(), 1)
				if err != nil || len(account.Tokens) != size.Tokens || account.Tokens[size.Tokens-1].SeenAt.IsZero() {
					b.Fatalf("got %d tokens, error %v, want %d that were seen", len(account.Tokens), err, size.Tokens)
				}
			}
		})
	}
}

// answering returns the same output for every Query. It has no other methods.
type answering struct {
	dynamostore.API
	output *dynamodb.QueryOutput
}

func (a answering) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return a.output, nil
}

// partition returns the items of user 1 with n tokens, all used.
func partition(b *testing.B, n int) *dynamodb.QueryOutput {
	b.Helper()
	_, holder := pattest.NewInstant(b, n)
	var tokens []map[string]any
	seen := map[string]int64{}
	for _, t := range holder.Account.Tokens {
		tokens = append(tokens, map[string]any{
			"id": t.ID, "description": t.Description, "selector": t.Selector, "verifier": t.Verifier,
			"createdAt": t.CreatedAt.UnixMilli(), "expiresAt": t.ExpiresAt.UnixMilli(),
		})
		seen[fmt.Sprint(t.ID)] = t.SeenAt.UnixMilli()
	}
	profile := holder.Account.Profile
	return &dynamodb.QueryOutput{Items: []item{
		itemOf(b, map[string]any{
			"pk": "USER#1", "sk": "ACCOUNT", "format": 1, "username": profile.Username, "name": profile.Name, "email": profile.Email,
			"rootRole": profile.Role, "disabled": false, "createdAt": holder.Account.CreatedAt.UnixMilli(),
			"nextTokenId": holder.Account.NextTokenID, "version": 1, "tokens": tokens,
		}),
		itemOf(b, map[string]any{"pk": "USER#1", "sk": "SEEN", "format": 1, "seen": seen}),
	}}
}

func itemOf(b *testing.B, attributes map[string]any) item {
	b.Helper()
	raw, err := attributevalue.MarshalMap(attributes)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}
