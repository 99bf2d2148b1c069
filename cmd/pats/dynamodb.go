package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"pats/pkg/dynamostore"
)

// localRegion is used with an endpoint on this machine where no region is configured.
const localRegion = "us-east-1"

// attemptTimeout bounds one attempt of a call, of which the SDK makes up to three.
const attemptTimeout = 10 * time.Second

// dynamoDB is a client for the table that the flags name, with AWS's usual configuration: variables, profiles, SSO.
func (f storeFlags) dynamoDB(ctx context.Context) (*dynamodb.Client, error) {
	if f.Table == "" {
		return nil, usage("--store dynamodb needs --table NAME", "A deployed stack names its table in the output TableName.")
	}
	local, err := isLoopback(f.Endpoint)
	if err != nil {
		return nil, err
	}
	cfg, err := f.awsConfig(ctx, local)
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(cfg, dynamostore.CheckAnswers, func(o *dynamodb.Options) {
		if f.Endpoint != "" {
			o.BaseEndpoint = &f.Endpoint
		}
	}), nil
}

// isLoopback says whether the endpoint, if there is one, is on this machine.
func isLoopback(endpoint string) (bool, error) {
	if endpoint == "" {
		return false, nil
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Hostname() == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return false, usage(fmt.Sprintf("--endpoint %q is no URL", endpoint), "It looks like http://127.0.0.1:8000.")
	}
	ip := net.ParseIP(at.Hostname())
	return at.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()), nil
}

func (f storeFlags) awsConfig(ctx context.Context, local bool) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(f.Region),
		config.WithLogger(logging.Nop{}), // what goes wrong comes back as an error
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(attemptTimeout)),
	}
	if local {
		// Nobody needs to wait for a metadata service to use a database on this machine.
		options = append(options, config.WithDefaultRegion(localRegion), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fail(exitUnavailable, err.Error(), "Is AWS_PROFILE right? `aws configure list` shows what is configured.")
	}
	if cfg.Region == "" {
		return aws.Config{}, usage("no AWS region is configured", "Name it: --region eu-central-1, AWS_REGION, or a profile that has one (AWS_PROFILE).")
	}
	return withCredentials(ctx, cfg, local)
}

// withCredentials makes sure that there are credentials. DynamoDB Local takes any.
func withCredentials(ctx context.Context, cfg aws.Config, local bool) (aws.Config, error) {
	_, err := cfg.Credentials.Retrieve(ctx)
	switch {
	case err == nil:
		return cfg, nil
	case local:
		cfg.Credentials = credentials.NewStaticCredentialsProvider("local", "local", "")
		return cfg, nil
	}
	return aws.Config{}, fail(exitUnavailable, fmt.Sprintf("no AWS credentials: %v", err),
		"Log in (`aws sso login`), name a profile (AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n"+
			"DynamoDB Local needs none: --endpoint http://127.0.0.1:8000.")
}
