package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"pats/infra/testkit/service"
)

// endpointVariable names a running DynamoDB Local to the tests: see dynamotest.EndpointVariable, which is not imported because it brings
// the AWS SDK.
const endpointVariable = "PATS_DYNAMODB_LOCAL"

// startDynamoDB starts a DynamoDB Local. It is nil where the environment names one already, or where the tools for it are missing:
// then the tests skip what needs it.
func startDynamoDB(ctx context.Context) (*service.Service, error) {
	if os.Getenv(endpointVariable) != "" || !canRunDynamoDB() {
		return nil, nil
	}
	const script = "infra/services/dynamodb-local/start"
	if dynamodb, err := service.Start(ctx, service.Command{Args: []string{script, "--with-parent", "--port", usualPort}}); err == nil {
		return dynamodb, nil
	}
	return service.Start(ctx, service.Command{Args: []string{script, "--with-parent"}})
}

// usualPort is DynamoDB Local's port unless it is taken. Its URL is in the environment of the tests, and go test reuses a result only if
// the environment is the same.
const usualPort = "28000"

func canRunDynamoDB() bool {
	for _, tool := range words("java mvn") {
		if _, err := exec.LookPath(tool); err != nil {
			return false
		}
	}
	return true
}

// dynamodbEnv returns the environment that lets tests use the one DynamoDB Local of this run, which starts on the first call.
func (v *verification) dynamodbEnv(ctx context.Context) ([]string, error) {
	// The steps that follow use it too, so it does not end with this one.
	v.db.Do(func() { v.dynamodb, v.dbErr = startDynamoDB(context.WithoutCancel(ctx)) })
	return endpointEnv(v.dynamodb), v.dbErr
}

func endpointEnv(dynamodb *service.Service) []string {
	if dynamodb == nil {
		return nil
	}
	return []string{endpointVariable + "=" + dynamodb.Ready}
}

// close stops what the steps share.
func (v *verification) close() {
	if v.dynamodb != nil {
		_ = v.dynamodb.Stop() // its tables are in memory, so how it ends does not matter
	}
}

type dbCommand struct {
	Command []string `arg:"" passthrough:""`
}

func (c *dbCommand) Run(ctx context.Context) error {
	dynamodb, err := startDynamoDB(ctx)
	if err != nil {
		return err
	}
	if dynamodb != nil {
		defer func() { _ = dynamodb.Stop() }() // its tables are in memory, so how it ends does not matter
	}
	err = runCommandLine(ctx, c.Command, endpointEnv(dynamodb))
	if !canRunDynamoDB() && os.Getenv(endpointVariable) == "" {
		fmt.Println("skipped: DynamoDB Local tests (need Java and Maven)")
	}
	return err
}
