package gateway

import (
	"slices"
	"strconv"
)

var parameterRules = rules{
	supported: []string{"Type", "Default", "AllowedValues", "AllowedPattern", "MaxLength", "MinValue", "MaxValue", "ConstraintDescription"},
	ignored: map[string]string{
		"Description": "it is documentation",
		"NoEcho":      "no message shows the value of any parameter",
	},
}

// readParameters sets each parameter to its override or its default, and checks it as CloudFormation does on deployment.
func (s *stack) readParameters(declared mapping, overrides map[string]string) {
	for name := range overrides {
		if !declared.has(name) {
			declared.fault("there is no parameter %q", name)
		}
	}
	declared.each(func(name string, field node) {
		parameter := field.supported(parameterRules)
		value, given := overrides[name]
		if !given {
			value = parameter.get("Default").text()
		}
		parameter.check(value)
		s.parameters[name] = value
	})
}

// check checks value against every constraint. Its faults do not show the value, which may be a secret.
func (m mapping) check(value string) {
	for _, fits := range []func(mapping, string) bool{mapping.fitsType, mapping.fitsList, mapping.fitsPattern, mapping.fitsLength, mapping.fitsBounds} {
		if !fits(m, value) {
			m.fault("must be %s", m.get("ConstraintDescription").textOr("a value that the parameter's constraints allow"))
			return
		}
	}
}

func (m mapping) fitsType(value string) bool {
	switch m.get("Type").text() {
	case "String":
		return true
	case "Number":
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	}
	m.get("Type").fault("the laptop gateway supports only String and Number")
	return true
}

func (m mapping) fitsList(value string) bool {
	listed := func(item node) bool { return item.text() == value }
	return !m.has("AllowedValues") || slices.ContainsFunc(m.get("AllowedValues").items(), listed)
}

// fitsPattern reports whether the pattern matches the whole value, as in CloudFormation.
func (m mapping) fitsPattern(value string) bool {
	expression := m.get("AllowedPattern").expression()
	return expression == nil || expression.MatchString(value)
}

func (m mapping) fitsLength(value string) bool {
	if !m.has("MaxLength") {
		return true
	}
	most, err := strconv.Atoi(m.get("MaxLength").text())
	return err == nil && len(value) <= most
}

func (m mapping) fitsBounds(value string) bool {
	within := func(name string, sign float64) bool {
		if !m.has(name) {
			return true
		}
		n, err := strconv.ParseFloat(value, 64)
		limit, limitErr := strconv.ParseFloat(m.get(name).text(), 64)
		return err == nil && limitErr == nil && sign*n <= sign*limit
	}
	return within("MinValue", -1) && within("MaxValue", 1)
}
