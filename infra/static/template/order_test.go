package template_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pats"
	"pats/infra/testkit/must"
	"pats/infra/testkit/skip"
)

// TestStageWaitsForLogRole: API Gateway refuses a stage with an access log until the account has a log role, which it accepts only in an
// account that has had an API. The order is that of the template that SAM generates.
func TestStageWaitsForLogRole(t *testing.T) {
	t.Parallel()
	generated := translate(t, string(pats.Template()))
	stages := generated.of("AWS::ApiGateway::Stage")
	if len(stages) != 1 {
		t.Fatalf("got %d stages, want 1", len(stages))
	}
	for _, order := range []struct{ later, earlier string }{
		{stages[0].id, "ApiGatewayAccount"}, {"ApiGatewayAccount", "ApiGatewayLogRole"}, {"ApiGatewayAccount", "Api"},
	} {
		if before := generated.before(order.later); !slices.Contains(before, order.earlier) {
			t.Errorf("%s is created after %q, want %s among them", order.later, before, order.earlier)
		}
	}
	for _, r := range generated.resources() {
		if slices.Contains(generated.before(r.id), r.id) {
			t.Errorf("%s waits for itself", r.id)
		}
	}
}

func TestOrderFindsFaults(t *testing.T) {
	t.Parallel()
	const wait = "Value: !Ref ApiGatewayAccount"
	withoutWait := strings.Replace(string(pats.Template()), wait, "Value: none", 1)
	generated := translate(t, withoutWait)
	for _, stage := range generated.of("AWS::ApiGateway::Stage") {
		if before := generated.before(stage.id); slices.Contains(before, "ApiGatewayAccount") {
			t.Errorf("without %q: got the stage after %q, want it not to wait for the account", wait, before)
		}
	}
}

// before returns the resources that CloudFormation creates before the one with the ID, if all conditions hold.
func (t template) before(id string) []string {
	var all []string
	pending := t.needs(id)
	for len(pending) > 0 {
		next := pending[0]
		pending = pending[1:]
		if !slices.Contains(all, next) {
			all = append(all, next)
			pending = append(pending, t.needs(next)...)
		}
	}
	return all
}

// needs returns the resources to which a resource refers.
func (t template) needs(id string) []string {
	declared := at(t["Resources"], id)
	named := texts(at(declared, "DependsOn"))
	walk("", at(declared, "Properties"), func(_ string, value any) {
		named = append(named, referred(value))
		if parts := texts(at(value, "Fn::GetAtt")); len(parts) > 0 {
			named = append(named, parts[0])
		}
		for _, text := range texts(at(value, "Fn::Sub")) {
			for _, part := range strings.Split(text, "${")[1:] {
				name, _, _ := strings.Cut(part, "}")
				name, _, _ = strings.Cut(name, ".")
				named = append(named, name)
			}
		}
	})
	return slices.DeleteFunc(named, func(name string) bool { return at(t["Resources"], name) == nil })
}

// translation reads a template and prints what SAM generates from it, as CloudFormation's transform does.
const translation = `
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoPolicies:
    def load(self):
        return {}

template = yaml_parse(sys.stdin.read())
template["Globals"]["Function"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
json.dump(transform(template, {}, NoPolicies()), sys.stdout)
`

func translate(t *testing.T, text string) template {
	t.Helper()
	command := exec.CommandContext(t.Context(), samPython(t), "-c", translation)
	command.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1")
	command.Stdin, command.Stderr = strings.NewReader(text), t.Output()
	output, err := command.Output()
	must.Do(t, err)
	var generated template
	must.Do(t, json.Unmarshal(output, &generated))
	return generated
}

// samPython returns the Python that runs SAM CLI, which has SAM's translator.
func samPython(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("sam")
	if err != nil {
		skip.Test(t, "sam is missing: .ci/install.sh installs it")
	}
	script, err := os.ReadFile(path)
	must.Do(t, err)
	first, _, _ := strings.Cut(string(script), "\n")
	return strings.TrimPrefix(first, "#!")
}
