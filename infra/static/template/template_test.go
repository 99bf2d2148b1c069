// Package template_test holds template.yaml against the code and against the promises that the project makes for it.
package template_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"pats"
	"pats/pkg/dynamostore"
)

// template is what these tests read of template.yaml, with intrinsic functions in their long form, such as {"Ref": "Table"},
// in whichever they are written.
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
		t.Fatal("the template is no mapping")
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
	t.Fatalf("line %d: only mappings, sequences and scalars are understood", node.Line)
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

// resource is one of the template's.
type resource struct {
	id       string
	declared any
}

func (r resource) kind() any { return at(r.declared, "Type") }

func (r resource) property(path ...string) any {
	return at(at(r.declared, "Properties"), path...)
}

// resources are in the order of their ids.
func (t template) resources() []resource {
	var all []resource
	declared := fields(t["Resources"])
	for _, id := range slices.Sorted(maps.Keys(declared)) {
		all = append(all, resource{id, declared[id]})
	}
	return all
}

// of are the resources of a kind.
func (t template) of(kind string) []resource {
	return slices.DeleteFunc(t.resources(), func(r resource) bool { return r.kind() != kind })
}

// is says whether the resource with this id is of the kind.
func (t template) is(id, kind string) bool {
	return at(t["Resources"], id, "Type") == kind
}

// The kinds of resources that count here.
const (
	kindAPI      = "AWS::Serverless::Api"
	kindFunction = "AWS::Serverless::Function"
	kindRole     = "AWS::IAM::Role"
	kindLogGroup = "AWS::Logs::LogGroup"
	kindTable    = "AWS::DynamoDB::Table"
)

// at follows path through mappings; what is not there is nil.
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

// several gives the items of a list, or the one value that stands in its place.
func several(value any) []any {
	if items, ok := value.([]any); ok {
		return items
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

// referred is the id in {"Ref": id}, or empty.
func referred(value any) string {
	id, _ := at(value, "Ref").(string)
	return id
}

// arnOf is the id in {"Fn::GetAtt": [id, Arn]}, or empty.
func arnOf(value any) string {
	if parts, _ := at(value, "Fn::GetAtt").([]any); len(parts) == 2 && parts[1] == "Arn" {
		id, _ := parts[0].(string)
		return id
	}
	return ""
}

// walk visits value and everything in it, with the way there.
func walk(path string, value any, visit func(path string, value any)) {
	visit(path, value)
	mapping := fields(value)
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		walk(path+"."+name, mapping[name], visit)
	}
	items, _ := value.([]any)
	for _, item := range items {
		walk(path, item, visit)
	}
}

func TestTableIsTheOneThatTheStoreMakes(t *testing.T) {
	t.Parallel()
	want := dynamostore.Table("any")
	var keys, attributes []any
	for _, key := range want.KeySchema {
		keys = append(keys, map[string]any{"AttributeName": aws.ToString(key.AttributeName), "KeyType": string(key.KeyType)})
	}
	for _, attribute := range want.AttributeDefinitions {
		attributes = append(attributes, map[string]any{"AttributeName": aws.ToString(attribute.AttributeName), "AttributeType": string(attribute.AttributeType)})
	}
	made := map[string]any{"KeySchema": keys, "AttributeDefinitions": attributes, "BillingMode": string(want.BillingMode)}
	for _, table := range load(t).of(kindTable) {
		got := map[string]any{}
		for property := range made {
			got[property] = table.property(property)
		}
		if diff := cmp.Diff(made, got); diff != "" {
			t.Errorf("template.yaml has another table than dynamostore.Table (-store +template):\n%s", diff)
		}
	}
}
