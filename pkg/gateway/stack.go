package gateway

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// stack is a CloudFormation template with the values of its parameters and conditions. It supports the short forms of !Ref, !Sub,
// !GetAtt, !If and !Equals; any other function is a fault.
type stack struct {
	parameters map[string]string
	conditions map[string]bool
	resources  map[string]declaredResource
	globals    mapping
	// names are the physical names of resources, by logical id.
	names map[string]string
	// faults are the errors found in the template.
	faults []error
}

type declaredResource struct {
	kind       string
	properties node
}

var errEmpty = errors.New("the template is empty")

// readStack evaluates parameters first and conditions after them. Resources whose condition is false are skipped. Errors name the
// places in the template.
func readStack(template []byte, options Options) (*stack, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(template, &document); err != nil {
		return nil, fmt.Errorf("the template: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errEmpty
	}
	s := &stack{
		parameters: map[string]string{},
		conditions: map[string]bool{},
		resources:  map[string]declaredResource{},
		names:      options.Resources,
	}
	sections := node{stack: s, yaml: document.Content[0]}.mapping()
	s.globals = sections.get("Globals").supported(globalRules)
	s.readParameters(sections.get("Parameters").mapping(), options.Parameters)
	sections.get("Conditions").mapping().each(func(name string, condition node) {
		s.conditions[name] = condition.equals()
	})
	sections.get("Resources").mapping().each(s.readResource)
	return s, s.err()
}

func (s *stack) err() error { return errors.Join(s.faults...) }

func (s *stack) readResource(id string, declared node) {
	fields := declared.mapping()
	if fields.has("Condition") && !fields.get("Condition").condition() {
		return
	}
	s.resources[id] = declaredResource{kind: fields.get("Type").text(), properties: fields.get("Properties")}
}

// condition returns the value of the condition that n names.
func (n node) condition() bool {
	holds, known := n.stack.conditions[n.yaml.Value]
	if !known {
		n.fault("there is no condition %q", n.yaml.Value)
	}
	return holds
}

// equals evaluates !Equals, the only condition function that is supported.
func (n node) equals() bool {
	if n.yaml.ShortTag() != "!Equals" || len(n.yaml.Content) != 2 {
		n.fault("the laptop gateway supports only !Equals [a, b] as a condition")
		return false
	}
	return n.at("0", n.yaml.Content[0]).text() == n.at("1", n.yaml.Content[1]).text()
}

// chosen returns the branch of !If that applies, or n itself.
func (n node) chosen() node {
	if !n.exists() || n.yaml.ShortTag() != "!If" {
		return n
	}
	if len(n.yaml.Content) != 3 {
		n.fault("!If takes a condition and two values")
		return n
	}
	branch := n.yaml.Content[2]
	if n.at("!If", n.yaml.Content[0]).condition() {
		branch = n.yaml.Content[1]
	}
	return node{stack: n.stack, path: n.path, yaml: branch}.chosen()
}

// The account and the region of a laptop.
const (
	account = "123456789012"
	region  = "us-east-1"
)

var pseudoParameters = map[string]string{
	"AWS::AccountId": account,
	"AWS::Partition": "aws",
	"AWS::Region":    region,
	"AWS::StackName": "local",
	"AWS::URLSuffix": "amazonaws.com",
}

const noValue = "AWS::NoValue"

// ref returns the value of !Ref. For a resource that is its physical name, which for APIs and functions is the logical id.
func (n node) ref(name string) string {
	for _, values := range []map[string]string{n.stack.parameters, pseudoParameters, n.stack.names} {
		if value, ok := values[name]; ok {
			return value
		}
	}
	if kind := n.stack.resources[name].kind; kind != kindAPI && kind != kindFunction {
		n.fault("!Ref %s: neither the template nor the options have a value for it", name)
	}
	return name
}

const functionARN = "arn:aws:lambda:" + region + ":" + account + ":function:"

// attribute returns the value of !GetAtt. The ARN of a function is the only one that a laptop has.
func (n node) attribute(name string) string {
	id, attribute, _ := strings.Cut(name, ".")
	if attribute != "Arn" || n.stack.resources[id].kind != kindFunction {
		n.fault("!GetAtt %s has no value on a laptop", name)
	}
	return functionARN + id
}

var substitution = regexp.MustCompile(`\$\{([^}]*)\}`)

// substitute returns the value of !Sub.
func (n node) substitute(text string) string {
	return substitution.ReplaceAllStringFunc(text, func(match string) string {
		name := match[len("${") : len(match)-len("}")]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if strings.Contains(name, ".") {
			return n.attribute(name)
		}
		return n.ref(name)
	})
}
