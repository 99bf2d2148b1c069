package dynamotest

import (
	"crypto/rand"
	"testing"

	"pats/pkg/dynamostore"
)

// NewStore returns a Store on a new table, in the DynamoDB Local of Start.
func NewStore(tb testing.TB) *dynamostore.Store {
	tb.Helper()
	client := dynamostore.NewClient(Settings(tb))
	table := "test-" + rand.Text()
	if err := dynamostore.CreateTable(tb.Context(), client, table); err != nil {
		tb.Fatalf("CreateTable: %v", err)
	}
	return dynamostore.New(client, table)
}

// Settings returns the settings of a client of the DynamoDB Local of Start.
func Settings(tb testing.TB) dynamostore.Settings {
	tb.Helper()
	return settings(Start(tb))
}
