package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.yaml.in/yaml/v3"

	"pats"
	"pats/infra/services/runtimeapi"
	"pats/infra/stress/faults"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/figures"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
)

// initTime is how long Lambda waits for an initialisation:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initTime = 10 * time.Second

// timeLimit is the functions' own, from the template.
func timeLimit(t *testing.T) time.Duration {
	t.Helper()
	var template struct {
		Globals struct {
			Function struct {
				Timeout int `yaml:"Timeout"`
			} `yaml:"Function"`
		} `yaml:"Globals"`
	}
	must(t, yaml.Unmarshal(pats.Template(), &template))
	if template.Globals.Function.Timeout == 0 {
		t.Fatal("the template has no Timeout for its functions")
	}
	return time.Duration(template.Globals.Function.Timeout) * time.Second
}

// TestBinariesInTime: the real functions start, answer before Lambda would stop them, and go on, although DynamoDB does not answer.
func TestBinariesInTime(t *testing.T) {
	t.Parallel()
	on := newTable(t, newTally())
	names := []string{tokensFunction, usersFunction, authorizer}
	if figures.Rounds(t, 1) == 1 {
		names = names[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := on.binary(t, name)
			c := on.newCast(t, false)
			event := eventFor(t, name, c)
			if answer, err := f.invoke(t, event); !unavailable(answer, err) {
				t.Errorf("got %s and error %v, want a 503, or no answer of the authorizer's", answer, err)
			}
			f.proxy.Follow(faults.Never)
			if answer, err := f.invoke(t, event); err != nil || !succeeded(answer) {
				t.Errorf("got %s and error %v afterwards, want a success", answer, err)
			}
		})
	}
}

// process is a function that runs.
type process struct {
	proxy *faults.Proxy
	api   *runtimeapi.Server
	limit time.Duration
}

// binary builds a function and starts it while DynamoDB hangs.
func (on *table) binary(t *testing.T, name string) *process {
	t.Helper()
	settings := dynamotest.Settings(t)
	f := &process{proxy: faults.Start(t, settings.Endpoint, patience(t)), limit: timeLimit(t)}
	f.proxy.Follow(faults.Always(faults.Hang))
	var err error
	f.api, err = runtimeapi.Start(t.Context(), f.limit)
	must(t, err)
	t.Cleanup(func() { _ = f.api.Close() })
	built, err := binaries.BuildFunction(t.Context(), "../../..", name, t.TempDir())
	must(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	command := exec.CommandContext(ctx, built)
	command.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + f.api.Address(), "TABLE_NAME=" + on.name, "AWS_REGION=" + settings.Region,
		"AWS_ENDPOINT_URL_DYNAMODB=" + f.proxy.URL,
		"AWS_ACCESS_KEY_ID=" + settings.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + settings.SecretAccessKey,
	}
	must(t, command.Start())
	t.Cleanup(func() {
		stop()
		_ = command.Wait()
	})
	ready, cancel := context.WithTimeout(t.Context(), initTime)
	defer cancel()
	must(t, f.api.AwaitReady(ready))
	return f
}

// invoke waits no longer than Lambda does.
func (f *process) invoke(t *testing.T, event []byte) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), f.limit)
	defer cancel()
	answer, err := f.api.Invoke(ctx, event)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the function has no answer after %v", f.limit)
	}
	return string(answer), err
}

func unavailable(answer string, err error) bool {
	return strings.Contains(answer, `"statusCode":503`) || err != nil && strings.Contains(err.Error(), "the token could not be checked")
}

func succeeded(answer string) bool {
	return strings.Contains(answer, `"statusCode":201`) || strings.Contains(answer, `"Effect":"Allow"`)
}

// eventFor is a create, or a token to be checked.
func eventFor(t *testing.T, name string, c *cast) []byte {
	t.Helper()
	var event any = events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: c.own.secret,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/api/admin/user/tokens",
	}
	switch name {
	case tokensFunction:
		event = proxyEvent(t, c, tokensPath, tokenBody(c.fresh))
	case usersFunction:
		event = proxyEvent(t, c, usersPath, userBody(c.fresh))
	}
	raw, err := json.Marshal(event)
	must(t, err)
	return raw
}

func proxyEvent(t *testing.T, c *cast, path string, body any) events.APIGatewayProxyRequest {
	t.Helper()
	raw, err := json.Marshal(body)
	must(t, err)
	claims := map[string]any{}
	who := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: c.admin.ID, Selector: c.own.Selector}}
	for name, value := range who.Claims() {
		claims[name] = value
	}
	return events.APIGatewayProxyRequest{
		Resource: path, Path: path, HTTPMethod: http.MethodPost, Body: string(raw),
		MultiValueHeaders: map[string][]string{"Content-Type": {"application/json"}},
		RequestContext:    events.APIGatewayProxyRequestContext{RequestID: "00000000-0000-4000-8000-000000000000", Authorizer: claims},
	}
}
