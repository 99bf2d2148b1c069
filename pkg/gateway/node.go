package gateway

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// node is a value in the template and its path there. An absent one has no yaml. Errors in a node are added to
// the stack's faults, and the node then reads as if it were empty.
type node struct {
	stack *stack
	path  string
	yaml  *yaml.Node
}

func (n node) exists() bool { return n.yaml != nil }

func (n node) at(name string, value *yaml.Node) node {
	path := name
	if n.path != "" {
		path = n.path + "." + name
	}
	return node{stack: n.stack, path: path, yaml: value}
}

func (n node) fault(format string, args ...any) {
	n.stack.faults = append(n.stack.faults, fmt.Errorf("the template: %s: %s", n.path, fmt.Sprintf(format, args...)))
}

// mapping is a node with named fields.
type mapping struct {
	node
	fields map[string]node
}

func (m mapping) has(name string) bool { return m.fields[name].exists() }

func (m mapping) get(name string) node { return m.at(name, m.fields[name].yaml) }

// each calls visit for each field in alphabetical order, so that messages are always the same.
func (m mapping) each(visit func(name string, field node)) {
	for _, name := range slices.Sorted(maps.Keys(m.fields)) {
		visit(name, m.fields[name])
	}
}

// mapping returns the fields of n, except those that are AWS::NoValue. An absent node has none.
func (n node) mapping() mapping {
	n = n.chosen()
	m := mapping{node: n, fields: map[string]node{}}
	if !n.is(yaml.MappingNode, "!!map") {
		return m
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		m.add(n.yaml.Content[i].Value, n.yaml.Content[i+1])
	}
	return m
}

// is reports whether n exists and is of a kind. It is a fault if n is of another kind.
func (n node) is(kind yaml.Kind, tag string) bool {
	right := n.exists() && n.yaml.Kind == kind && n.yaml.ShortTag() == tag
	if n.exists() && !right {
		n.fault("must be a %s", tag[len("!!"):])
	}
	return right
}

func (m mapping) add(name string, value *yaml.Node) {
	field := m.at(name, value).chosen()
	if m.has(name) {
		field.fault("is defined twice")
	}
	if field.yaml.ShortTag() != "!Ref" || field.yaml.Value != noValue {
		m.fields[name] = field
	}
}

// items returns the values of a list. An absent node has none.
func (n node) items() []node {
	n = n.chosen()
	if !n.is(yaml.SequenceNode, "!!seq") {
		return nil
	}
	items := make([]node, len(n.yaml.Content))
	for i, value := range n.yaml.Content {
		items[i] = n.at(strconv.Itoa(i), value).chosen()
	}
	return items
}

// text returns a single value, with numbers and booleans as they are written.
func (n node) text() string {
	n = n.chosen()
	if !n.exists() {
		n.fault("is missing")
		return ""
	}
	if n.yaml.Kind != yaml.ScalarNode {
		n.fault("must be a single value")
		return ""
	}
	switch tag := n.yaml.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool":
		return n.yaml.Value
	case "!Ref":
		return n.ref(n.yaml.Value)
	case "!GetAtt":
		return n.attribute(n.yaml.Value)
	case "!Sub":
		return n.substitute(n.yaml.Value)
	default:
		n.fault("%s is not supported here", tag)
		return ""
	}
}

// textOr returns text, or the default if n is absent.
func (n node) textOr(defaultText string) string {
	if !n.exists() {
		return defaultText
	}
	return n.text()
}

// numberOr returns text as a whole number, which must be between the bounds, or the default if n is absent.
func (n node) numberOr(defaultNumber, least, most int) int {
	if !n.exists() {
		return defaultNumber
	}
	number, err := strconv.Atoi(n.text())
	if err != nil || number < least || number > most {
		n.fault("must be a whole number from %d to %d", least, most)
	}
	return number
}

// mustBe is a fault unless the text is value.
func (n node) mustBe(value, defaultText string) {
	if n.textOr(defaultText) != value {
		n.fault("the laptop gateway supports only %s", value)
	}
}

// expression compiles text as a regular expression for whole values. It returns nil for an absent node.
func (n node) expression() *regexp.Regexp {
	if !n.exists() {
		return nil
	}
	expression, err := regexp.Compile(`\A(?:` + n.text() + `)\z`)
	if err != nil {
		n.fault("%v", err)
	}
	return expression
}

// rules are the supported properties of a node, and the ignored ones with the reason why they change nothing on a laptop.
type rules struct {
	supported []string
	ignored   map[string]string
}

// supported returns the fields of n. A field that the rules do not have is a fault, so that no change of the template goes
// unnoticed by this gateway.
func (n node) supported(r rules) mapping {
	m := n.mapping()
	m.each(func(name string, field node) {
		if _, ignored := r.ignored[name]; !ignored && !slices.Contains(r.supported, name) {
			field.fault("is not supported by the laptop gateway")
		}
	})
	return m
}
