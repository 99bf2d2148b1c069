package ministack

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"pats/infra/testkit/binaries"
	"pats/pkg/dynamostore"
)

// Pats is a deployed stack of template.yaml.
type Pats struct {
	Outputs
	// URL is where the emulator serves the API, without a slash at the end.
	URL string
	// Store is the stack's table.
	Store *dynamostore.Store
}

// PageURL returns where a browser on this machine finds the page: under the stage alone, as on AWS. Browsers take names below localhost
// for this machine.
func (p Pats) PageURL() string {
	base, path, _ := strings.Cut(p.URL, "/_aws/execute-api/")
	id, stage, _ := strings.Cut(path, "/")
	return strings.Replace(base, "127.0.0.1", id+".execute-api.localhost", 1) + "/" + stage + "/"
}

// Variables returns the environment in which cmd/pats works on the stack's table, besides [Emulator.Env], as KEY=VALUE.
func (p Pats) Variables() []string {
	return []string{"PATS_STORE=dynamodb", "TABLE_NAME=" + p.Outputs["TableName"]}
}

// Environment returns a script for a shell, which makes the emulator its AWS and the stack the one that cmd/pats works on. It also sets
// what docs/protect-your-api.md uses: PATS_STACK_URL, SHARED_AUTHORIZER_ARN, ARCHITECTURE and the function stack_url.
func (p Pats) Environment(e *Emulator) string {
	variables := slices.Concat(e.Variables(), p.Variables(), []string{
		"PATH=" + os.Getenv("PATH"),
		"PATS_STACK_URL=" + p.URL,
		"SHARED_AUTHORIZER_ARN=" + p.Outputs["SharedAuthorizerArn"],
		"ARCHITECTURE=" + binaries.Architecture(),
	})
	var script strings.Builder
	script.WriteString("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN\n")
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		script.WriteString("export " + name + "=" + quoted(value) + "\n")
	}
	return script.String() + stackURL
}

// quoted returns text as one word of the shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// stackURL is a function of the shell. It does in the shell what [Emulator.Address] does.
const stackURL = `
# stack_url STACK prints where the emulator serves the APIs that are outputs of a stack.
stack_url() {
  sam list stack-outputs --stack-name "$1" --output json |
    sed -nE "s#.*\"OutputValue\": \"(https?|wss)://([0-9a-f]+)\.execute-api\.[^/\"]*(/[^\"]*)?\".*#$AWS_ENDPOINT_URL/_aws/execute-api/\2\3#p"
}
`

// PatsStack is the name of the stack of template.yaml.
const PatsStack = "pats"

// DeployPats builds template.yaml and deploys it as [Emulator.DeployBuilt] does. Errors: those of [Emulator.Build] and
// [Emulator.Deploy].
func (e *Emulator) DeployPats(ctx context.Context, parameters map[string]string) (Pats, error) {
	folder, err := os.MkdirTemp("", "pats-build")
	if err != nil {
		return Pats{}, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	template, err := e.Build(ctx, "template.yaml", folder)
	if err != nil {
		return Pats{}, err
	}
	return e.DeployBuilt(ctx, template, parameters)
}

// DeployBuilt creates or updates the stack [PatsStack] from the template that [Emulator.Build] made of template.yaml. An update keeps
// the values of parameters that are not given. Errors: those of [Emulator.Deploy].
func (e *Emulator) DeployBuilt(ctx context.Context, template string, parameters map[string]string) (Pats, error) {
	all := map[string]string{"Architecture": binaries.Architecture(), "SetApiGatewayLogRole": "true"}
	maps.Copy(all, parameters)
	outputs, err := e.Deploy(ctx, Stack{Name: PatsStack, Template: template, Parameters: all})
	if err != nil {
		return Pats{}, err
	}
	address, err := e.Address(outputs["Url"])
	return Pats{Outputs: outputs, URL: address, Store: e.Store(outputs["TableName"])}, err
}
