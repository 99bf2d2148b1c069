// Package template_test checks template.yaml against the code and against what the project promises: least privilege, logs without
// secrets, a table that cannot get lost.
package template_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pats"
)

// template is a CloudFormation template with every intrinsic function in its long form, such as {"Ref": "Table"}.
type template map[string]any

func load(t *testing.T) template {
	t.Helper()
	return parse(t, string(pats.Template()))
}

func parse(t *testing.T, text string) template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("the template: %v", err)
	}
	sections, ok := longForm(t, document.Content[0]).(map[string]any)
	if !ok {
		t.Fatal("the template is not a mapping")
	}
	return sections
}

func longForm(t *testing.T, node *yaml.Node) any {
	t.Helper()
	name, short := strings.CutPrefix(node.ShortTag(), "!")
	if !short || strings.HasPrefix(name, "!") {
		return withoutTag(t, node)
	}
	argument := withoutTag(t, node)
	switch name {
	case "Ref", "Condition":
		return map[string]any{name: argument}
	case "GetAtt":
		if dotted, ok := argument.(string); ok {
			id, attribute, _ := strings.Cut(dotted, ".")
			argument = []any{id, attribute}
		}
	}
	return map[string]any{"Fn::" + name: argument}
}

func withoutTag(t *testing.T, node *yaml.Node) any {
	t.Helper()
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = longForm(t, node.Content[i+1])
		}
		return fields
	case yaml.SequenceNode:
		var items []any
		for _, item := range node.Content {
			items = append(items, longForm(t, item))
		}
		return items
	case yaml.ScalarNode:
		return scalar(t, node)
	}
	t.Fatalf("line %d: not a mapping, a sequence or a scalar", node.Line)
	return nil
}

func scalar(t *testing.T, node *yaml.Node) any {
	t.Helper()
	if !strings.HasPrefix(node.ShortTag(), "!!") {
		return node.Value
	}
	var value any
	if err := node.Decode(&value); err != nil {
		t.Fatalf("line %d: %v", node.Line, err)
	}
	return value
}

type resource struct {
	id       string
	declared any
}

func (r resource) kind() any { return at(r.declared, "Type") }

func (r resource) property(path ...string) any {
	return at(at(r.declared, "Properties"), path...)
}

// resources returns the template's resources, ordered by ID.
func (t template) resources() []resource {
	var all []resource
	for id, declared := range sorted(t["Resources"]) {
		all = append(all, resource{id, declared})
	}
	return all
}

// of returns the resources of a kind, ordered by ID.
func (t template) of(kind string) []resource {
	return slices.DeleteFunc(t.resources(), func(r resource) bool { return r.kind() != kind })
}

// is reports whether the resource with the ID is of the kind.
func (t template) is(id, kind string) bool {
	return at(t["Resources"], id, "Type") == kind
}

const (
	kindAPI      = "AWS::Serverless::Api"
	kindFunction = "AWS::Serverless::Function"
	kindRole     = "AWS::IAM::Role"
	kindAccount  = "AWS::ApiGateway::Account"
	kindLogGroup = "AWS::Logs::LogGroup"
	kindTable    = "AWS::DynamoDB::Table"
)

// at follows path through mappings and returns nil where it leads nowhere.
func at(value any, path ...string) any {
	for _, name := range path {
		value = fields(value)[name]
	}
	return value
}

func fields(value any) map[string]any {
	mapping, _ := value.(map[string]any)
	return mapping
}

// sorted iterates over a mapping in the order of its keys.
func sorted(value any) func(yield func(string, any) bool) {
	return func(yield func(string, any) bool) {
		mapping := fields(value)
		for _, name := range slices.Sorted(maps.Keys(mapping)) {
			if !yield(name, mapping[name]) {
				return
			}
		}
	}
}

// several returns the items of a list. A single value counts as a list of one.
func several(value any) []any {
	if items, ok := value.([]any); ok {
		return items
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

// texts returns the items of a list, with "" for each that is not a string.
func texts(value any) []string {
	var all []string
	for _, item := range several(value) {
		text, _ := item.(string)
		all = append(all, text)
	}
	return all
}

// referred returns the ID in {"Ref": id}, or "".
func referred(value any) string {
	id, _ := at(value, "Ref").(string)
	return id
}

// arnOf returns the ID in {"Fn::GetAtt": [id, Arn]}, or "".
func arnOf(value any) string {
	if parts := texts(at(value, "Fn::GetAtt")); len(parts) == 2 && parts[1] == "Arn" {
		return parts[0]
	}
	return ""
}

// walk visits value and everything in it, with the path to it.
func walk(path string, value any, visit func(path string, value any)) {
	visit(path, value)
	for name, field := range sorted(value) {
		walk(path+"."+name, field, visit)
	}
	items, _ := value.([]any)
	for _, item := range items {
		walk(path, item, visit)
	}
}
