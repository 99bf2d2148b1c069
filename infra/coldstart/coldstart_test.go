// Package coldstart_test measures how fast the real authorizer starts: from exec to its first answer, beside the least Lambda
// there is, in one run. Nothing here fails on a time; `make bench` prints the figures.
package coldstart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/bootstrap"
	dynamodblocal "pats/infra/dynamodb-local"
	runtimeapi "pats/infra/runtime-api"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

const (
	region = "us-east-1"
	keys   = "local"
	// warmUp is how many reads DynamoDB Local answers first: its Java is slow until it has been used, which DynamoDB is not.
	warmUp = 1000
	// patience is what one function may take for all it does here.
	patience = 20 * time.Second
)

// BenchmarkAuthorizerStart starts hello and the authorizer in turn, b.N times each. The authorizer looks a token up in
// DynamoDB Local over plain HTTP and must allow it.
func BenchmarkAuthorizerStart(b *testing.B) {
	hello := subject{binary: bootstrap.Build(b, "Hello"), event: []byte(`{}`)}
	authorizer := authorizerSubject(b)
	hello.start(b)
	mustAllow(b, authorizer.start(b))
	var least, ours []times
	for b.Loop() {
		least = append(least, hello.start(b))
		ours = append(ours, authorizer.start(b))
		mustAllow(b, ours[len(ours)-1])
	}
	report(b, least, ours)
}

// subject is a function to be started, and the event for its first invocation.
type subject struct {
	binary      string
	environment []string
	event       []byte
}

// times are what one start took, and its answer.
type times struct {
	ready, answer time.Duration
	body          []byte
}

func (s subject) start(b *testing.B) times {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	api, err := runtimeapi.Start(ctx, patience)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = api.Close() }()
	process := exec.CommandContext(ctx, s.binary)
	process.Env = append(s.environment, "AWS_LAMBDA_RUNTIME_API="+api.Address())
	process.Stderr = os.Stderr
	begin := time.Now()
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	}()
	if err := api.AwaitReady(ctx); err != nil {
		b.Fatalf("%s did not start: %v", s.binary, err)
	}
	ready := time.Since(begin)
	body, err := api.Invoke(ctx, s.event)
	if err != nil {
		b.Fatalf("%s did not answer: %v", s.binary, err)
	}
	return times{ready: ready, answer: time.Since(begin), body: body}
}

func mustAllow(b *testing.B, t times) {
	b.Helper()
	var answer events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(t.body, &answer); err != nil {
		b.Fatal(err)
	}
	if statements := answer.PolicyDocument.Statement; len(statements) != 1 || statements[0].Effect != "Allow" {
		b.Fatalf("the authorizer answered %s, want Allow", t.body)
	}
}

func authorizerSubject(b *testing.B) subject {
	b.Helper()
	endpoint := dynamodblocal.Start(b)
	table := fmt.Sprintf("coldstart-%d", time.Now().UnixNano())
	return subject{
		binary: bootstrap.Build(b, "AuthorizerFunction"),
		environment: []string{
			"TABLE_NAME=" + table, "AWS_REGION=" + region, "AWS_ENDPOINT_URL_DYNAMODB=" + endpoint,
			"AWS_ACCESS_KEY_ID=" + keys, "AWS_SECRET_ACCESS_KEY=" + keys,
		},
		event: authorizerEvent(b, endpoint, table),
	}
}

// authorizerEvent presents the token of a user made for this.
func authorizerEvent(b *testing.B, endpoint, table string) []byte {
	b.Helper()
	client := dynamostore.NewClient(dynamostore.Settings{Region: region, Endpoint: endpoint, AccessKeyID: keys, SecretAccessKey: keys})
	if err := dynamostore.CreateTable(b.Context(), client, table); err != nil {
		b.Fatal(err)
	}
	service := pat.NewService(dynamostore.New(client, table), pat.DefaultRetention, pat.SystemEnv(slog.New(slog.DiscardHandler)))
	user, err := service.CreateUser(b.Context(), pat.Profile{Username: "bench", Role: pat.Viewer})
	if err != nil {
		b.Fatal(err)
	}
	draft := pat.Draft{Description: "bench", ExpiresAt: time.Now().Add(time.Hour)}
	_, secret, err := service.CreateUserToken(b.Context(), user.ID, draft)
	if err != nil {
		b.Fatal(err)
	}
	for range warmUp {
		if _, err := service.Authenticate(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
	event, err := json.Marshal(events.APIGatewayCustomAuthorizerRequest{
		Type:               "TOKEN",
		AuthorizationToken: secret.Reveal(),
		MethodArn:          "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/api/admin/user/tokens",
	})
	if err != nil {
		b.Fatal(err)
	}
	return event
}

func report(b *testing.B, least, ours []times) {
	b.Helper()
	ready := func(t times) time.Duration { return t.ready }
	answer := func(t times) time.Duration { return t.answer }
	b.ReportMetric(0, "ns/op") // means nothing here
	b.ReportMetric(milliseconds(median(least, answer)), "hello-ms")
	b.ReportMetric(milliseconds(median(ours, ready)), "authorizer-ready-ms")
	b.ReportMetric(milliseconds(median(ours, answer)), "authorizer-ms")
	b.ReportMetric(float64(median(ours, answer))/float64(median(least, answer)), "times-hello")
}

func median(runs []times, of func(times) time.Duration) time.Duration {
	var all []time.Duration
	for _, run := range runs {
		all = append(all, of(run))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
