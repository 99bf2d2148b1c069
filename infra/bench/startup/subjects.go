package startup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"pats/infra/bench/result"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/deployed"
	"pats/pkg/api"
	"pats/pkg/pat"
)

// subject is a function to start.
type subject struct {
	name    string
	command []string
	// event returns the event of an invocation, and check returns an error for a wrong response.
	event func(caller) []byte
	check func(response []byte) error
}

// build builds the programs in folder, those in Go with the flags of the deployed functions. It returns the reason for each subject that
// it skips.
func build(ctx context.Context, root, folder string) (subjects []subject, skipped []string, err error) {
	built := map[string]string{}
	for name, target := range targets {
		if built[name], err = binaries.BuildFunction(ctx, root, target, filepath.Join(folder, target)); err != nil {
			return nil, nil, err
		}
	}
	subjects = []subject{
		{Hello, []string{built[Hello]}, func(caller) []byte { return []byte(`{}`) }, isHello},
		{Authorizer, []string{built[Authorizer]}, authorizerEvent, isAllow},
		{SharedAuthorizer, []string{built[SharedAuthorizer]}, authorizerEvent, isAllow},
		{Tokens, []string{built[Tokens]}, listEvent, isList},
		{Plain, []string{built[Plain]}, authorizerEvent, isAllow},
	}
	node, why, err := buildNode(ctx, root)
	switch {
	case err != nil:
		return nil, nil, err
	case why != "":
		skipped = []string{Part + ", " + Node + ": " + why}
	default:
		subjects = append(subjects, subject{Node, node, authorizerEvent, isAllow})
	}
	return subjects, skipped, nil
}

// targets are the Makefile's build targets of the subjects.
var targets = map[string]string{
	Hello: "Hello", Plain: "Plain",
	Authorizer: deployed.AuthorizerFunction, SharedAuthorizer: deployed.SharedAuthorizerFunction, Tokens: deployed.TokensFunction, Users: deployed.UsersFunction,
	AdminTokens: deployed.AdminTokensFunction,
}

// buildNode returns the command of the function on Node 20, or why there is none.
func buildNode(ctx context.Context, root string) (command []string, why string, err error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, "install Node.js 20 and npm", nil //nolint:nilerr // it is left out
	}
	version, _ := exec.CommandContext(ctx, node, "--version").Output() //nolint:gosec // the system's node
	if !strings.HasPrefix(string(version), "v20.") {
		return nil, fmt.Sprintf("install Node.js 20; here is %q", version), nil
	}
	script := exec.CommandContext(ctx, filepath.Join(root, "infra", "bench", "startup", "node", "build")) //nolint:gosec // of this repository
	bundle, err := script.Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		return nil, "", fmt.Errorf("building the function for Node: %w\n%s", err, exit.Stderr)
	}
	return []string{node, strings.TrimSpace(string(bundle))}, "", nil
}

// addZips adds the size of the archives that SAM CLI would upload, if there is Python.
func addZips(ctx context.Context, run *result.Run, folder string) error {
	if _, err := exec.LookPath("python3"); err != nil {
		run.Skipped = append(run.Skipped, Part+", "+Zip+": install Python 3")
		return nil //nolint:nilerr // the size is left out
	}
	for _, name := range []string{Authorizer, SharedAuthorizer, Tokens, Users, AdminTokens} {
		size, err := binaries.ZipSize(ctx, filepath.Join(folder, targets[name], "bootstrap"))
		if err != nil {
			return err
		}
		run.Add(result.Key{Part: Part, What: Zip, Subject: name}, "MB", float64(size)/1e6)
	}
	return nil
}

func authorizerEvent(who caller) []byte {
	return encode(events.APIGatewayCustomAuthorizerRequest{
		Type:               "TOKEN",
		AuthorizationToken: who.secret.Reveal(),
		MethodArn:          "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/GET" + api.ResourceTokens,
	})
}

func listEvent(who caller) []byte {
	claims := map[string]any{}
	holder := pat.Principal{Kind: pat.HolderUser, Identity: pat.Identity{User: who.user, Selector: who.token.Selector}}
	for name, value := range holder.Claims() {
		claims[name] = value
	}
	return encode(events.APIGatewayProxyRequest{
		Resource: api.ResourceTokens, Path: api.ResourceTokens, HTTPMethod: http.MethodGet,
		MultiValueHeaders: map[string][]string{"Accept": {"application/json"}},
		RequestContext:    events.APIGatewayProxyRequestContext{RequestID: "00000000-0000-4000-8000-000000000000", Authorizer: claims},
	})
}

func encode(event any) []byte {
	raw, _ := json.Marshal(event) // events always marshal
	return raw
}

func isHello(response []byte) error {
	if string(response) != `"hello"` {
		return fmt.Errorf("got the response %s, want hello", response)
	}
	return nil
}

func isAllow(response []byte) error {
	var got events.APIGatewayCustomAuthorizerResponse
	if err := json.Unmarshal(response, &got); err != nil {
		return fmt.Errorf("got the response %s: %w", response, err)
	}
	if statements := got.PolicyDocument.Statement; len(statements) != 1 || statements[0].Effect != "Allow" {
		return fmt.Errorf("got the response %s, want an Allow", response)
	}
	return nil
}

func isList(response []byte) error {
	var got events.APIGatewayProxyResponse
	if err := json.Unmarshal(response, &got); err != nil {
		return fmt.Errorf("got the response %s: %w", response, err)
	}
	if got.StatusCode != http.StatusOK || !strings.Contains(got.Body, `"description":"bench"`) {
		return fmt.Errorf("got the response %s, want a list with the token", response)
	}
	return nil
}
