package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"pats/infra/contract/e2e"
	"pats/pkg/dynamostore"
)

// ready has the variables that infra/services/sam-local/start writes once the API responds.
type ready map[string]string

func readReady(t *testing.T) ready {
	t.Helper()
	path := os.Getenv("PATS_E2E_READY")
	if path == "" {
		// Also where CI=true: `make test` runs this as well, and `make verify` again with sam local.
		t.Skip("PATS_E2E_READY is not set: `make verify` starts sam local and sets it")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := ready{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	return values
}

// target returns sam local with the table of its functions.
func (r ready) target(t *testing.T) e2e.Target {
	t.Helper()
	client := dynamostore.NewClient(dynamostore.Settings{
		Region: "us-east-1", Endpoint: r["DYNAMODB_URL"], AccessKeyID: "local", SecretAccessKey: "local",
	})
	target := e2e.Target{
		Front: e2e.SamLocal, URL: r["API_URL"], Store: dynamostore.New(client, r["TABLE_NAME"]), AdminToken: os.Getenv("PATS_E2E_ADMIN_TOKEN"),
	}
	if target.AdminToken != "" {
		target.Partners, _ = newPartners(t, target.AdminToken) // as `make verify` starts sam local
	}
	return target
}

func TestSamLocal(t *testing.T) {
	t.Parallel()
	e2e.Run(t, readReady(t).target(t))
}

// TestDeployed runs against a stack on AWS, with AWS's usual configuration.
func TestDeployed(t *testing.T) {
	t.Parallel()
	url, table := os.Getenv("PATS_E2E_URL"), os.Getenv("PATS_E2E_TABLE")
	if url == "" || table == "" {
		t.Skip("PATS_E2E_URL and PATS_E2E_TABLE are not set: they are a deployed stack's outputs Url and TableName")
	}
	settings, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e2e.Run(t, e2e.Target{
		Front: e2e.Deployed, URL: strings.TrimSuffix(url, "/"), Store: dynamostore.New(dynamodb.NewFromConfig(settings), table),
		AdminToken: os.Getenv("PATS_E2E_ADMIN_TOKEN"),
	})
}
