package template_test

import (
	"maps"
	"slices"
	"strings"
)

// hashPattern lets nothing but a SHA-256 in hex through, and an empty text.
const hashPattern = "^([0-9a-f]{64})?$"

// variables of the environment, which everybody who may look at a function can read, are the table's name and parameters that
// take no secret: one of few values, or a hash that is shown nowhere else.
func variables(t template) (found findings) {
	for _, function := range t.of(kindFunction) {
		for _, of := range []any{at(t["Globals"], "Function"), at(function.declared, "Properties")} {
			declared := fields(at(of, "Environment", "Variables"))
			for _, name := range slices.Sorted(maps.Keys(declared)) {
				found = append(found, t.variable(function.id+"."+name, declared[name])...)
			}
		}
	}
	return found
}

func (t template) variable(name string, value any) (found findings) {
	id := referred(value)
	parameter := at(t["Parameters"], id)
	switch {
	case t.is(id, kindTable):
	case parameter == nil:
		found.add("%s is %v, want a parameter or the table", name, value)
	case !closed(parameter) && !hash(parameter):
		found.add("%s is the parameter %s, which takes any text", name, id)
	}
	return found
}

// hash says whether a parameter takes only a hash, and keeps it to itself.
func hash(parameter any) bool {
	return at(parameter, "NoEcho") == true && at(parameter, "AllowedPattern") == hashPattern && at(parameter, "Default") == ""
}

// secrets are in no text of the template, and a parameter that is not echoed goes nowhere but to a function's environment.
func secrets(t template) (found findings) {
	for _, section := range slices.Sorted(maps.Keys(t)) {
		walk(section, t[section], func(path string, value any) {
			if text, ok := value.(string); ok && strings.Contains(text, "{{resolve:") {
				found.add("%s is %q: the secret would stand where this is shown", path, text)
			}
			if id := t.quiet(value); id != "" && !strings.Contains(path, ".Environment.Variables.") {
				found.add("%s shows the parameter %s", path, id)
			}
		})
	}
	return found
}

// quiet is the parameter with NoEcho that value, {"Ref": id} or {"Fn::Sub": …}, would show, or empty.
func (t template) quiet(value any) string {
	parameters := fields(t["Parameters"])
	for _, id := range slices.Sorted(maps.Keys(parameters)) {
		if at(parameters[id], "NoEcho") != true {
			continue
		}
		text, _ := value.(string)
		if referred(value) == id || strings.Contains(text, "${"+id+"}") {
			return id
		}
	}
	return ""
}
