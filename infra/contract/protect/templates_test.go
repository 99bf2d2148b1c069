package protect_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pats/infra/testkit/must"
)

const examples = "../../../examples"

// template is the part of a SAM template that protects an API.
type template struct {
	Resources map[string]struct {
		Type       string     `yaml:"Type"`
		Properties properties `yaml:"Properties"`
	} `yaml:"Resources"`
}

type properties struct {
	Auth           auth              `yaml:"Auth"`
	Variables      any               `yaml:"Variables"`
	StageVariables map[string]string `yaml:"StageVariables"`
}

// auth has the authorizers of a REST or HTTP API, or that of a WebSocket API.
type auth struct {
	Authorizers    map[string]authorizer `yaml:"Authorizers"`
	AuthArn        any                   `yaml:"AuthArn"`
	IdentitySource []string              `yaml:"IdentitySource"`
}

// all returns the authorizers of an API of any kind.
func (a auth) all() []authorizer {
	if a.AuthArn == nil {
		return slices.Collect(maps.Values(a.Authorizers))
	}
	var headers []string
	for _, source := range a.IdentitySource {
		headers = append(headers, strings.TrimPrefix(source, "route.request.header."))
	}
	return []authorizer{{Identity: identity{Headers: headers}}}
}

type authorizer struct {
	FunctionPayloadType               string   `yaml:"FunctionPayloadType"`
	EnableSimpleResponses             bool     `yaml:"EnableSimpleResponses"`
	EnableFunctionDefaultPermissions  bool     `yaml:"EnableFunctionDefaultPermissions"`
	DisableFunctionDefaultPermissions bool     `yaml:"DisableFunctionDefaultPermissions"`
	Identity                          identity `yaml:"Identity"`
}

type identity struct {
	Header  string   `yaml:"Header"`
	Headers []string `yaml:"Headers"`
	Context []string `yaml:"Context"`
}

// TestTemplatesNameTheHeader checks each authorizer in a template of the examples. API Gateway caches by the identity sources, so a token
// that is not one of them would be served another's response.
func TestTemplatesNameTheHeader(t *testing.T) {
	t.Parallel()
	for file, text := range exampleFiles(t, "template.yaml") {
		var parsed template
		must.Do(t, yaml.Unmarshal(text, &parsed))
		found := 0
		for name, resource := range parsed.Resources {
			found += len(resource.Properties.Auth.all())
			for _, problem := range problems(resource.Type, resource.Properties) {
				t.Errorf("%s: %s: %s", file, name, problem)
			}
		}
		if found != 1 {
			t.Errorf("%s: got %d authorizers, want 1", file, found)
		}
	}
}

// problems returns what is wrong with the authorizers of an API.
func problems(kind string, p properties) []string {
	var found []string
	mapped := p.Variables != nil || p.StageVariables["patsScopes"] != ""
	for _, a := range p.Auth.all() {
		token := a.FunctionPayloadType == "TOKEN"
		if token && a.Identity.Header != "Authorization" || !token && !slices.Equal(a.Identity.Headers, []string{"Authorization"}) {
			found = append(found, "the header Authorization is not an identity source")
		}
		if mapped && token {
			found = append(found, "there is a route map, but the events of a TOKEN authorizer have none")
		}
		if mapped && a.EnableSimpleResponses && !slices.Contains(a.Identity.Context, "routeKey") {
			found = append(found, "simple responses come from a route map, but the route key is not an identity source")
		}
		if kind == "AWS::Serverless::HttpApi" && !a.EnableFunctionDefaultPermissions || a.DisableFunctionDefaultPermissions {
			found = append(found, "API Gateway has no permission to invoke the authorizer")
		}
	}
	return found
}

// TestOtherToolsNameTheHeader checks the same for CDK and Terraform.
func TestOtherToolsNameTheHeader(t *testing.T) {
	t.Parallel()
	for name, expressions := range map[string][]string{
		"app.js":  {`identitySource: \["\$request\.header\.Authorization"\]`, `sameEnvironment: true`},
		"main.tf": {`identity_sources\s+= \["\$request\.header\.Authorization"\]`, `/authorizers/\*"`},
	} {
		files := exampleFiles(t, name)
		if len(files) == 0 {
			t.Errorf("there is no %s", name)
		}
		for file, text := range files {
			for _, expression := range expressions {
				if !regexp.MustCompile(expression).Match(text) {
					t.Errorf("%s: nothing matches %s", file, expression)
				}
			}
		}
	}
}

// TestEveryExampleIsDeployed checks that each folder of examples/protect is one of a kind. Terraform has no provider here.
func TestEveryExampleIsDeployed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(filepath.Join(examples, "protect"))
	must.Do(t, err)
	for _, entry := range entries {
		deployed := slices.ContainsFunc(kinds, func(k kind) bool { return k.folder == entry.Name() })
		if entry.IsDir() && !deployed && entry.Name() != "terraform" {
			t.Errorf("examples/protect/%s belongs to no kind, so that no test deploys it", entry.Name())
		}
	}
}

// exampleFiles returns the files of the examples with a name, by path.
func exampleFiles(t *testing.T, name string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	must.Do(t, filepath.WalkDir(examples, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != examples, entry.Name() == "node_modules":
			return fs.SkipDir // the results of a build
		case entry.Name() != name:
			return nil
		}
		files[path], err = os.ReadFile(path)
		return err
	}))
	return files
}
