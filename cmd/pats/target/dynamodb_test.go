package target_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
)

// withoutAWS hides every AWS configuration from the process.
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
		client, err := target.Client(target.Table{Name: "x", Endpoint: endpoint}, t.Context())
		if err != nil {
			t.Fatalf("%s: %v", endpoint, err)
		}
		options := client.Options()
		if options.Region != target.LocalRegion || *options.BaseEndpoint != endpoint {
			t.Errorf("got region %q and endpoint %q, want %q and %q", options.Region, *options.BaseEndpoint, target.LocalRegion, endpoint)
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
		table  target.Table
		region string
	}{
		"on this machine": {target.Table{Name: "x", Endpoint: "http://127.0.0.1:8000"}, "eu-north-1"},
		"on AWS":          {target.Table{Name: "x"}, "eu-north-1"},
		"with --region":   {target.Table{Name: "x", Region: "eu-west-1"}, "eu-west-1"},
	}
	for name, c := range cases { //nolint:paralleltest // the SDK reads the process's environment
		t.Run(name, func(t *testing.T) {
			client, err := target.Client(c.table, t.Context())
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
	_, err := target.Client(target.Table{Name: "x"}, t.Context())
	wantFailure(t, err, failure.Usage, "no AWS region", "--region")
	_, err = target.Client(target.Table{Name: "x", Region: "eu-central-1"}, t.Context())
	wantFailure(t, err, failure.Unavailable, "no AWS credentials", "aws sso login", "--endpoint")
	_, err = target.Client(target.Table{Name: "x", Region: "eu-central-1", Endpoint: "http://192.0.2.1:8000"}, t.Context())
	wantFailure(t, err, failure.Unavailable, "no AWS credentials")
}
