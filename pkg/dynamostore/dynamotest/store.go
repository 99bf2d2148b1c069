package dynamotest

import (
	"crypto/rand"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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

// NewPatientClient returns a client like dynamostore.NewClient, but without its time limits, which DynamoDB Local exceeds on a busy
// machine.
func NewPatientClient(settings dynamostore.Settings) *dynamodb.Client {
	options := dynamostore.NewClient(settings).Options()
	options.HTTPClient = awshttp.NewBuildableClient()
	return dynamodb.New(options)
}
