package gateway

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// stack is a CloudFormation template whose parameters and conditions are settled. It understands the short forms of !Ref,
// !Sub, !GetAtt, !If and !Equals; anything else is a fault rather than a guess.
type stack struct {
	parameters map[string]string
	conditions map[string]bool
	resources  map[string]resource
	globals    mapping
	// names are the physical names of resources, by logical id.
	names map[string]string
	// faults are all that is wrong with the template.
	faults []error
}

type resource struct {
	kind       string
	properties part
}

var errEmpty = errors.New("the template is empty")

// readStack settles parameters first and conditions after them; resources whose condition does not hold are not there.
// Errors name the places in the template.
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
		resources:  map[string]resource{},
		names:      options.Resources,
	}
	sections := part{stack: s, node: document.Content[0]}.mapping()
	s.globals = sections.get("Globals").honour(globalRules)
	s.readParameters(sections.get("Parameters").mapping(), options.Parameters)
	sections.get("Conditions").mapping().each(func(name string, condition part) {
		s.conditions[name] = condition.equals()
	})
	sections.get("Resources").mapping().each(s.readResource)
	return s, s.err()
}

func (s *stack) err() error { return errors.Join(s.faults...) }

func (s *stack) readResource(id string, declared part) {
	fields := declared.mapping()
	if fields.has("Condition") && !fields.get("Condition").condition() {
		return
	}
	s.resources[id] = resource{kind: fields.get("Type").text(), properties: fields.get("Properties")}
}

// condition looks up the condition that p names.
func (p part) condition() bool {
	holds, known := p.stack.conditions[p.node.Value]
	if !known {
		p.fault("there is no condition %q", p.node.Value)
	}
	return holds
}

// equals evaluates !Equals, the only condition function that is understood.
func (p part) equals() bool {
	if p.node.ShortTag() != "!Equals" || len(p.node.Content) != 2 {
		p.fault("only !Equals [a, b] is understood as a condition")
		return false
	}
	return p.at("0", p.node.Content[0]).text() == p.at("1", p.node.Content[1]).text()
}

// chosen follows !If to the branch that counts.
func (p part) chosen() part {
	if !p.there() || p.node.ShortTag() != "!If" {
		return p
	}
	if len(p.node.Content) != 3 {
		p.fault("!If takes a condition and two values")
		return p
	}
	branch := p.node.Content[2]
	if p.at("!If", p.node.Content[0]).condition() {
		branch = p.node.Content[1]
	}
	return part{stack: p.stack, path: p.path, node: branch}.chosen()
}

// The account and the region that a laptop pretends to have.
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

// ref gives the value of !Ref. For a resource that is its physical name; APIs and functions are called by their logical id.
func (p part) ref(name string) string {
	for _, values := range []map[string]string{p.stack.parameters, pseudoParameters, p.stack.names} {
		if value, ok := values[name]; ok {
			return value
		}
	}
	if kind := p.stack.resources[name].kind; kind != kindAPI && kind != kindFunction {
		p.fault("!Ref %s: neither the template nor the options have a value for it", name)
	}
	return name
}

const functionARN = "arn:aws:lambda:" + region + ":" + account + ":function:"

// attribute gives the value of !GetAtt. The ARN of a function is the only one that a laptop has.
func (p part) attribute(name string) string {
	id, attribute, _ := strings.Cut(name, ".")
	if attribute != "Arn" || p.stack.resources[id].kind != kindFunction {
		p.fault("!GetAtt %s has no value on a laptop", name)
	}
	return functionARN + id
}

var substitution = regexp.MustCompile(`\$\{([^}]*)\}`)

// substitute gives the value of !Sub.
func (p part) substitute(text string) string {
	return substitution.ReplaceAllStringFunc(text, func(match string) string {
		name := match[len("${") : len(match)-len("}")]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if strings.Contains(name, ".") {
			return p.attribute(name)
		}
		return p.ref(name)
	})
}
