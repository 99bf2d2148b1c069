package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
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
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/figures"
	"pats/infra/testkit/must"
	"pats/pkg/pat"
)

// initTime is how long Lambda waits for a function's initialization:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
const initTime = 10 * time.Second

// functionTimeout returns the functions' timeout in the template.
func functionTimeout(t *testing.T) time.Duration {
	t.Helper()
	var template struct {
		Globals struct {
			Function struct {
				Timeout int `yaml:"Timeout"`
			} `yaml:"Function"`
		} `yaml:"Globals"`
	}
	must.Do(t, yaml.Unmarshal(pats.Template(), &template))
	if template.Globals.Function.Timeout == 0 {
		t.Fatal("the template has no Timeout for its functions")
	}
	return time.Duration(template.Globals.Function.Timeout) * time.Second
}

// testBinaries checks that the built functions initialize, respond before Lambda would stop them, and continue to work after
// DynamoDB did not respond.
func testBinaries(t *testing.T, n *counts) {
	t.Helper()
	e := newEnv(t, n)
	names := []string{
		deployed.TokensFunction, deployed.UsersFunction, deployed.AuthorizerFunction, deployed.ServiceAccountsFunction,
		deployed.AdminTokensFunction, deployed.OAuthFunction,
	}
	if figures.Rounds(t, 1) == 1 {
		names = names[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := e.startFunction(t, name)
			event := newEvent(t, name, e.newFixture(t, false))
			if response, err := f.invoke(t, event); !isUnavailable(response, err) {
				t.Errorf("got %s and error %v, want a 503, or an error of the authorizer", response, err)
			}
			f.proxy.Follow(faults.Never)
			if response, err := f.invoke(t, event); err != nil || !isSuccess(response) {
				t.Errorf("got %s and error %v afterwards, want a success", response, err)
			}
		})
	}
}

// function is a running function.
type function struct {
	proxy   *faults.Proxy
	api     *runtimeapi.Server
	timeout time.Duration
}

// startFunction builds a function and starts it while DynamoDB does not respond.
func (e *env) startFunction(t *testing.T, name string) *function {
	t.Helper()
	proxy, settings := faults.InFrontOfDynamoDB(t)
	f := &function{proxy: proxy, timeout: functionTimeout(t)}
	f.proxy.Follow(faults.Always(faults.Hang))
	var err error
	f.api, err = runtimeapi.Start(t.Context(), f.timeout)
	must.Do(t, err)
	t.Cleanup(func() { _ = f.api.Close() })
	binary, err := binaries.BuildFunction(t.Context(), "../../..", name, t.TempDir())
	must.Do(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	command := exec.CommandContext(ctx, binary)
	command.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + f.api.Address(), "TABLE_NAME=" + e.table, "AWS_REGION=" + settings.Region,
		"AWS_ENDPOINT_URL_DYNAMODB=" + settings.Endpoint,
		"AWS_ACCESS_KEY_ID=" + settings.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + settings.SecretAccessKey,
	}
	must.Do(t, command.Start())
	t.Cleanup(func() {
		stop()
		_ = command.Wait()
	})
	ready, cancel := context.WithTimeout(t.Context(), initTime)
	defer cancel()
	must.Do(t, f.api.AwaitReady(ready))
	return f
}

// invoke sends an event to the function, and fails the test at the function's timeout.
func (f *function) invoke(t *testing.T, event []byte) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), f.timeout)
	defer cancel()
	response, err := f.api.Invoke(ctx, event)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the function did not respond within %v", f.timeout)
	}
	return string(response), err
}

func isUnavailable(response string, err error) bool {
	return strings.Contains(response, `"statusCode":503`) || err != nil && strings.Contains(err.Error(), "the token could not be checked")
}

func isSuccess(response string) bool {
	return strings.Contains(response, `"statusCode":20`) || strings.Contains(response, `"Effect":"Allow"`)
}

// newEvent returns an event that the function serves with success.
func newEvent(t *testing.T, name string, f *fixture) []byte {
	t.Helper()
	var event any = events.APIGatewayCustomAuthorizerRequest{
		Type: "TOKEN", AuthorizationToken: f.own.secret,
		MethodArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET/api/admin/user/tokens",
	}
	switch name {
	case deployed.TokensFunction:
		event = newProxyEvent(t, f, deployed.TokensPath, createToken(f.fresh, time.Now().Add(time.Hour)))
	case deployed.UsersFunction:
		event = newProxyEvent(t, f, deployed.UsersPath, userBody(f.fresh))
	case deployed.ServiceAccountsFunction:
		event = newProxyEvent(t, f, deployed.ServiceAccountsPath, map[string]any{"name": f.fresh, "username": f.fresh, "rootRole": int(pat.Viewer)})
	case deployed.AdminTokensFunction:
		list := newProxyEvent(t, f, deployed.AllTokensPath, nil)
		list.HTTPMethod, list.Body = http.MethodGet, ""
		event = list
	case deployed.OAuthFunction:
		revocation := newProxyEvent(t, f, deployed.RevokePath, nil)
		revocation.Body = url.Values{"token": {f.other.secret}}.Encode()
		revocation.MultiValueHeaders["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		event = revocation
	}
	raw, err := json.Marshal(event)
	must.Do(t, err)
	return raw
}

func newProxyEvent(t *testing.T, f *fixture, path string, body any) events.APIGatewayProxyRequest {
	t.Helper()
	raw, err := json.Marshal(body)
	must.Do(t, err)
	caller := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: f.admin.ID, Selector: f.own.Selector}}
	return events.APIGatewayProxyRequest{
		Resource: path, Path: path, HTTPMethod: http.MethodPost, Body: string(raw),
		MultiValueHeaders: map[string][]string{"Content-Type": {"application/json"}},
		RequestContext:    events.APIGatewayProxyRequestContext{RequestID: "00000000-0000-4000-8000-000000000000", Authorizer: contextOf(caller)},
	}
}
