package gateway

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// part is a piece of the template and where it stands there. One that is left out has no node. What is wrong with a part
// goes to the stack's faults, and the part then reads as if it were empty.
type part struct {
	stack *stack
	path  string
	node  *yaml.Node
}

func (p part) there() bool { return p.node != nil }

func (p part) at(name string, node *yaml.Node) part {
	path := name
	if p.path != "" {
		path = p.path + "." + name
	}
	return part{stack: p.stack, path: path, node: node}
}

func (p part) fault(format string, args ...any) {
	p.stack.faults = append(p.stack.faults, fmt.Errorf("the template: %s: %s", p.path, fmt.Sprintf(format, args...)))
}

// mapping is a part with named fields.
type mapping struct {
	part
	fields map[string]part
}

func (m mapping) has(name string) bool { return m.fields[name].there() }

func (m mapping) get(name string) part { return m.at(name, m.fields[name].node) }

// each calls visit with the fields in alphabetical order, so that messages do not depend on chance.
func (m mapping) each(visit func(name string, field part)) {
	for _, name := range slices.Sorted(maps.Keys(m.fields)) {
		visit(name, m.fields[name])
	}
}

// mapping gives the fields of p, without those that are AWS::NoValue. One that is left out has none.
func (p part) mapping() mapping {
	p = p.chosen()
	m := mapping{part: p, fields: map[string]part{}}
	if !p.is(yaml.MappingNode, "!!map") {
		return m
	}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		m.add(p.node.Content[i].Value, p.node.Content[i+1])
	}
	return m
}

// is tells whether p is there and is of a kind. It is a fault if p is of another.
func (p part) is(kind yaml.Kind, tag string) bool {
	right := p.there() && p.node.Kind == kind && p.node.ShortTag() == tag
	if p.there() && !right {
		p.fault("must be a %s", tag[len("!!"):])
	}
	return right
}

func (m mapping) add(name string, node *yaml.Node) {
	field := m.at(name, node).chosen()
	if m.has(name) {
		field.fault("stands there twice")
	}
	if field.node.ShortTag() != "!Ref" || field.node.Value != noValue {
		m.fields[name] = field
	}
}

// items gives the values of a list. One that is left out has none.
func (p part) items() []part {
	p = p.chosen()
	if !p.is(yaml.SequenceNode, "!!seq") {
		return nil
	}
	items := make([]part, len(p.node.Content))
	for i, node := range p.node.Content {
		items[i] = p.at(strconv.Itoa(i), node).chosen()
	}
	return items
}

// text is a single value; numbers and booleans as they are written.
func (p part) text() string {
	p = p.chosen()
	if !p.there() {
		p.fault("is missing")
		return ""
	}
	if p.node.Kind != yaml.ScalarNode {
		p.fault("must be a single value")
		return ""
	}
	switch tag := p.node.ShortTag(); tag {
	case "!!str", "!!int", "!!float", "!!bool":
		return p.node.Value
	case "!Ref":
		return p.ref(p.node.Value)
	case "!GetAtt":
		return p.attribute(p.node.Value)
	case "!Sub":
		return p.substitute(p.node.Value)
	default:
		p.fault("%s is not understood here", tag)
		return ""
	}
}

// textOr is text, or otherwise if p is left out.
func (p part) textOr(otherwise string) string {
	if !p.there() {
		return otherwise
	}
	return p.text()
}

// numberOr is text as a whole number between the bounds, or otherwise if p is left out.
func (p part) numberOr(otherwise, least, most int) int {
	if !p.there() {
		return otherwise
	}
	n, err := strconv.Atoi(p.text())
	if err != nil || n < least || n > most {
		p.fault("must be a whole number from %d to %d", least, most)
	}
	return n
}

// only is a fault unless text is value.
func (p part) only(value, otherwise string) {
	if p.textOr(otherwise) != value {
		p.fault("only %s is honoured by the laptop gateway", value)
	}
}

// expression compiles text as a regular expression that has to match the whole of a value. One that is left out is nil.
func (p part) expression() *regexp.Regexp {
	if !p.there() {
		return nil
	}
	expression, err := regexp.Compile(`\A(?:` + p.text() + `)\z`)
	if err != nil {
		p.fault("%v", err)
	}
	return expression
}

// rules say which properties of a part are honoured, and of those that are left alone, why that changes nothing here.
type rules struct {
	honoured []string
	ignored  map[string]string
}

// honour gives the fields of p. A field in neither list is a fault, so a change of the template that this gateway does not
// know cannot pass unseen.
func (p part) honour(r rules) mapping {
	m := p.mapping()
	m.each(func(name string, field part) {
		if _, ignored := r.ignored[name]; !ignored && !slices.Contains(r.honoured, name) {
			field.fault("is not honoured by the laptop gateway")
		}
	})
	return m
}
