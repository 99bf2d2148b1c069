package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// check says what is wrong with a template, in a sentence each. Where a template leaves something open, it is wrong.
type check func(template) findings

type findings []string

func (f *findings) add(format string, args ...any) {
	*f = append(*f, fmt.Sprintf(format, args...))
}

var checks = map[string]check{
	"kinds":       kinds,
	"wildcards":   wildcards,
	"roles":       roles,
	"statements":  statements,
	"functions":   functions,
	"table":       table,
	"logs":        logs,
	"access log":  accessLog,
	"authorizers": authorizers,
	"routes":      routes,
	"variables":   variables,
	"secrets":     secrets,
}

func TestTemplateIsSafe(t *testing.T) {
	t.Parallel()
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range check(load(t)) {
				t.Error(finding)
			}
		})
	}
}

// howMany are the kinds of resources that the checks know, and how many there have to be; 0 is any number. Each other kind may
// grant, open or keep something that no check looks at.
var howMany = map[string]int{
	kindAPI: 1, kindTable: 1, kindFunction: 0, kindRole: 0, kindLogGroup: 0, "AWS::ApiGateway::Account": 0,
}

// attributes of a resource; Connectors, which make policies, are not among them.
var attributes = []string{"Type", "Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "UpdateReplacePolicy"}

func kinds(t template) (found findings) {
	if transform := t["Transform"]; transform != "AWS::Serverless-2016-10-31" {
		found.add("Transform is %v, and a macro may change anything", transform)
	}
	for section := range fields(t["Globals"]) {
		if section != "Function" {
			found.add("Globals.%s changes resources unseen", section)
		}
	}
	for _, r := range t.resources() {
		kind, _ := r.kind().(string)
		if _, known := howMany[kind]; !known {
			found.add("%s is of kind %q, which no check knows", r.id, kind)
		}
		for attribute := range fields(r.declared) {
			if !slices.Contains(attributes, attribute) {
				found.add("%s has %s, which no check knows", r.id, attribute)
			}
		}
	}
	for kind, want := range howMany {
		if got := len(t.of(kind)); want > 0 && got != want {
			found.add("there are %d of %s, want %d", got, kind, want)
		}
	}
	return found
}

// table: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-table.html
func table(t template) (found findings) {
	for _, r := range t.of(kindTable) {
		for _, property := range [][]string{
			{"DeletionProtectionEnabled"},
			{"PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"},
			{"SSESpecification", "SSEEnabled"},
		} {
			if got := r.property(property...); got != true {
				found.add("%s.%s is %v, want true", r.id, strings.Join(property, "."), got)
			}
		}
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if got := at(r.declared, policy); got != "Retain" {
				found.add("%s.%s is %v, want Retain", r.id, policy, got)
			}
		}
		if r.property("ResourcePolicy") != nil {
			found.add("%s has a policy of its own beside those of the roles", r.id)
		}
	}
	return found
}

// closed says whether a parameter takes a number between bounds or a text from a list.
func closed(parameter any) bool {
	if at(parameter, "Type") == "Number" && at(parameter, "MinValue") != nil && at(parameter, "MaxValue") != nil {
		return true
	}
	return at(parameter, "AllowedValues") != nil
}

// settled says whether value is a number or that of a closed parameter.
func (t template) settled(value any) bool {
	_, number := value.(int)
	return number || closed(at(t["Parameters"], referred(value)))
}
