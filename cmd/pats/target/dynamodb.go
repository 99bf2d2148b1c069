package target

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"pats/cmd/pats/failure"
	"pats/pkg/dynamostore"
)

// localRegion is the region of an endpoint on this machine if none is configured.
const localRegion = "us-east-1"

// attemptTimeout bounds one attempt of a request, of which the SDK makes up to three.
const attemptTimeout = 10 * time.Second

// Table names a DynamoDB table.
type Table struct {
	Name string
	// Endpoint is an address other than AWS's own, or empty.
	Endpoint string
	// Region is empty if the AWS configuration decides.
	Region string
}

// Create creates the table. An existing table with the right keys is not an error.
// Errors: failure.Usage, failure.Unavailable, those of dynamostore.CreateTable.
func (t Table) Create(ctx context.Context) error {
	client, err := t.client(ctx)
	if err != nil {
		return err
	}
	return dynamostore.CreateTable(ctx, client, t.Name)
}

// client returns a client for the table, configured as the AWS CLI is: variables, profiles, SSO.
func (t Table) client(ctx context.Context) (*dynamodb.Client, error) {
	if t.Name == "" {
		return nil, failure.Misuse("--table NAME is needed with DynamoDB", "A deployed stack names its table in the output TableName.")
	}
	local, err := isLocalEndpoint(t.Endpoint)
	if err != nil {
		return nil, err
	}
	cfg, err := t.awsConfig(ctx, local)
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(cfg, dynamostore.CheckResponses, func(o *dynamodb.Options) {
		if t.Endpoint != "" {
			o.BaseEndpoint = &t.Endpoint
		}
	}), nil
}

// isLocalEndpoint reports whether the endpoint, if there is one, is on this machine.
func isLocalEndpoint(endpoint string) (bool, error) {
	if endpoint == "" {
		return false, nil
	}
	address, err := url.Parse(endpoint)
	if err != nil || !isHTTP(address) {
		return false, failure.Misuse(fmt.Sprintf("--endpoint %q is not a URL", endpoint), "For example: http://127.0.0.1:8000.")
	}
	return isLoopback(address.Hostname()), nil
}

func (t Table) awsConfig(ctx context.Context, local bool) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(t.Region),
		config.WithLogger(logging.Nop{}), // problems come back as errors
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(attemptTimeout)),
	}
	if local {
		// A database on this machine needs no credentials from a metadata service, which would take seconds to look for.
		options = append(options, config.WithDefaultRegion(localRegion), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, failure.New(failure.Unavailable, err.Error(), "Is AWS_PROFILE right? `aws configure list` shows the configuration.")
	}
	if cfg.Region == "" {
		return aws.Config{}, failure.Misuse("no AWS region is configured", "Set one with --region eu-central-1, AWS_REGION, or a profile that has one (AWS_PROFILE).")
	}
	return withCredentials(ctx, cfg, local)
}

// withCredentials makes sure that cfg has credentials. DynamoDB Local accepts any.
func withCredentials(ctx context.Context, cfg aws.Config, local bool) (aws.Config, error) {
	_, err := cfg.Credentials.Retrieve(ctx)
	switch {
	case err == nil:
		return cfg, nil
	case local:
		cfg.Credentials = credentials.NewStaticCredentialsProvider("local", "local", "")
		return cfg, nil
	}
	return aws.Config{}, failure.New(failure.Unavailable, fmt.Sprintf("no AWS credentials: %v", err),
		"Log in (`aws sso login`), name a profile (AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n"+
			"DynamoDB Local needs none: --endpoint http://127.0.0.1:8000.")
}
