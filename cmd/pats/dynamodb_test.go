package main

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/pkg/dynamostore/dynamotest"
)

// TestDynamoDB goes an operator's whole way on a table of its own.
func TestDynamoDB(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.env = map[string]string{
		"PATS_STORE":                "dynamodb",
		"TABLE_NAME":                "test-" + rand.Text(),
		"AWS_ENDPOINT_URL_DYNAMODB": dynamotest.Start(t),
		"PATS_DATA":                 d.data(),
	}
	missing := d.runBare(t, "user", "list")
	wantCode(t, missing, exitFailed)
	wantContains(t, "without a table", missing.Stderr, d.env["TABLE_NAME"], "`pats table create`")

	for range 2 { // a table that is there already is as good
		made := d.runBare(t, "table", "create")
		wantCode(t, made, exitOK)
		wantText(t, "table create", made.Stdout, "Table "+d.env["TABLE_NAME"]+" is ready.\n")
	}

	server := d.serve(t)
	wantContains(t, "start without users", server.stderr.String(),
		"user create --username admin --role admin --store dynamodb --table "+d.env["TABLE_NAME"]+" --endpoint http",
		"token create --user ID", "This makes one:")
	server.end(t)
	wantFiles(t, d.folder)

	wantContains(t, "user create", d.must(t, "user", "create", "--username", "ada", "--role", "admin"), "Id        1\n")
	d.must(t, "token", "create", "--user", "1", "--description", "laptop", "--token-file", d.tokenPath())
	wantContains(t, "token list", d.must(t, "token", "list", "--user", "1"), "laptop")

	server = d.serve(t)
	token := strings.TrimSpace(readFile(t, d.tokenPath()))
	if status, body := server.call(t, http.MethodGet, tokensPath, token); status != http.StatusOK || !strings.Contains(body, `"laptop"`) {
		t.Errorf("got %d %s, want 200 and the token", status, body)
	}
	server.end(t)
	if strings.Contains(server.stderr.String(), "no token") {
		t.Errorf("the start complains:\n%s", server.stderr.String())
	}
	wantFiles(t, d.data(), "token")
}

func TestDynamoDBOutOfReach(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "serve --listen 127.0.0.1:0"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			got := d.run(t, append(strings.Fields(args), "--store", "dynamodb", "--table", "x", "--endpoint", "http://127.0.0.1:1")...)
			wantCode(t, got, exitUnavailable)
			wantContains(t, "stderr", got.Stderr, "127.0.0.1:1")
			wantFiles(t, d.folder)
		})
	}
}

// withoutAWS takes every configuration of AWS away from the process.
func withoutAWS(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	t.Setenv("AWS_CONFIG_FILE", nowhere)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// TestEndpointOnThisMachineNeedsNoConfiguration, since DynamoDB Local takes any credentials.
func TestEndpointOnThisMachineNeedsNoConfiguration(t *testing.T) { //nolint:paralleltest // the SDK reads the process's environment
	withoutAWS(t)
	for _, endpoint := range []string{"http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"} {
		client, err := storeFlags{Table: "x", Endpoint: endpoint}.dynamoDB(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", endpoint, err)
		}
		options := client.Options()
		if options.Region != localRegion || *options.BaseEndpoint != endpoint {
			t.Errorf("got region %q and endpoint %q, want %q and %q", options.Region, *options.BaseEndpoint, localRegion, endpoint)
		}
		if _, err := options.Credentials.Retrieve(t.Context()); err != nil {
			t.Errorf("%s: no credentials: %v", endpoint, err)
		}
	}
}

func TestConfiguredCredentialsAndRegionCount(t *testing.T) {
	withoutAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "configured")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "eu-north-1")
	cases := map[string]struct {
		flags  storeFlags
		region string
	}{
		"on this machine": {storeFlags{Table: "x", Endpoint: "http://127.0.0.1:8000"}, "eu-north-1"},
		"on AWS":          {storeFlags{Table: "x"}, "eu-north-1"},
		"with --region":   {storeFlags{Table: "x", Region: "eu-west-1"}, "eu-west-1"},
	}
	for name, c := range cases { //nolint:paralleltest // the SDK reads the process's environment
		t.Run(name, func(t *testing.T) {
			client, err := c.flags.dynamoDB(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			credentials, err := client.Options().Credentials.Retrieve(t.Context())
			if err != nil || credentials.AccessKeyID != "configured" {
				t.Errorf("got key %q (%v), want the configured one", credentials.AccessKeyID, err)
			}
			if got := client.Options().Region; got != c.region {
				t.Errorf("got region %q, want %q", got, c.region)
			}
		})
	}
}

func TestAWSWithoutConfiguration(t *testing.T) { //nolint:paralleltest // the SDK reads the process's environment
	withoutAWS(t)
	d := newDesk(t)
	got := d.runBare(t, "user", "list", "--store", "dynamodb", "--table", "x")
	wantCode(t, got, exitUsage)
	wantContains(t, "without a region", got.Stderr, "--region")
	got = d.runBare(t, "user", "list", "--store", "dynamodb", "--table", "x", "--region", "eu-central-1")
	wantCode(t, got, exitUnavailable)
	wantContains(t, "without credentials", got.Stderr, "no AWS credentials", "aws sso login", "--endpoint")
	got = d.runBare(t, "user", "list", "--store", "dynamodb", "--table", "x", "--region", "eu-central-1", "--endpoint", "http://192.0.2.1:8000")
	wantCode(t, got, exitUnavailable)
	wantContains(t, "another machine's endpoint", got.Stderr, "no AWS credentials")
}
