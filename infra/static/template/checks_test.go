package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pats/infra/testkit/deployed"
)

// check returns what is wrong with a template, a sentence each. It reports whatever the template leaves open.
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
	"log role":    logRoleStays,
	"authorizers": authorizers,
	"routes":      routes,
	"throttles":   throttles,
	"definition":  definition,
	"responses":   responses,
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

// counts are the kinds of resources that the checks know, with the number there must be; 0 is any number. A resource of another kind
// could grant, open or store something that no check looks at.
var counts = map[string]int{
	kindAPI: 1, kindTable: 1, kindFunction: 0, kindRole: 0, kindLogGroup: 0, kindAccount: 0,
}

// attributes are those that a resource can have. Connectors, which create policies, are not among them.
var attributes = []string{"Type", "Condition", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "UpdateReplacePolicy"}

func kinds(t template) (found findings) {
	if transform := t["Transform"]; transform != "AWS::Serverless-2016-10-31" {
		found.add("Transform is %v, and a macro can change anything", transform)
	}
	for section := range sorted(t["Globals"]) {
		if section != "Function" {
			found.add("Globals.%s changes resources without a trace in them", section)
		}
	}
	for _, r := range t.resources() {
		kind, _ := r.kind().(string)
		if _, known := counts[kind]; !known {
			found.add("%s is of kind %q, which no check knows", r.id, kind)
		}
		for attribute := range sorted(r.declared) {
			if !slices.Contains(attributes, attribute) {
				found.add("%s has %s, which no check knows", r.id, attribute)
			}
		}
	}
	for kind, want := range counts {
		if got := len(t.of(kind)); want > 0 && got != want {
			found.add("there are %d resources of kind %s, want %d", got, kind, want)
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
		if got := r.property("BillingMode"); got != "PAY_PER_REQUEST" {
			found.add("%s.BillingMode is %v, want PAY_PER_REQUEST", r.id, got)
		}
		if r.property("ResourcePolicy") != nil {
			found.add("%s has a policy in addition to those of the roles", r.id)
		}
		found = append(found, retained(r)...)
	}
	return found
}

func retained(r resource) (found findings) {
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		if got := at(r.declared, policy); got != "Retain" {
			found.add("%s.%s is %v, want Retain", r.id, policy, got)
		}
	}
	return found
}

// API Gateway's time limits in seconds: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const (
	maxAuthorizer  = 10
	maxIntegration = 29
)

// functions checks that each function has a role from the template and bounds, and can be invoked only through the API.
func functions(t template) (found findings) {
	for _, function := range t.of(kindFunction) {
		if role := function.property("Role"); !t.is(arnOf(role), kindRole) {
			found.add("%s has the role %v, want one from the template", function.id, role)
		}
		for _, property := range []string{"Policies", "FunctionUrlConfig"} {
			if t.setting(function, property) != nil {
				found.add("%s has %s", function.id, property)
			}
		}
		timeout, memory := t.setting(function, "Timeout"), t.setting(function, "MemorySize")
		if seconds, ok := timeout.(int); !ok || seconds > t.timeLimit(function) {
			found.add("%s has the timeout %v, want at most API Gateway's %d s", function.id, timeout, t.timeLimit(function))
		}
		if _, ok := memory.(int); !ok {
			found.add("%s has the memory size %v, want a number", function.id, memory)
		}
	}
	return found
}

// setting returns the function's own property, or else that of Globals.
func (t template) setting(function resource, path ...string) any {
	if own := function.property(path...); own != nil {
		return own
	}
	return at(at(t["Globals"], "Function"), path...)
}

func (t template) timeLimit(function resource) int {
	if function.id == deployed.SharedAuthorizerFunction {
		return maxAuthorizer
	}
	for _, api := range t.of(kindAPI) {
		for _, authorizer := range sorted(api.property("Auth", "Authorizers")) {
			if arnOf(at(authorizer, "FunctionArn")) == function.id {
				return maxAuthorizer
			}
		}
	}
	return maxIntegration
}

// logs checks that logs expire, and that each log group has one writer: a function or the access log.
func logs(t template) (found findings) {
	writers := map[string]int{}
	for _, function := range t.of(kindFunction) {
		group := referred(function.property("LoggingConfig", "LogGroup"))
		writers[group]++
		if !t.is(group, kindLogGroup) {
			found.add("%s has no log group from the template", function.id)
		}
	}
	for _, api := range t.of(kindAPI) {
		writers[arnOf(api.property("AccessLogSetting", "DestinationArn"))]++
	}
	for _, group := range t.of(kindLogGroup) {
		if days := group.property("RetentionInDays"); !t.bounded(days) {
			found.add("%s keeps logs for %v, want a number of days", group.id, days)
		}
		if writers[group.id] != 1 {
			found.add("%s has %d writers, want 1", group.id, writers[group.id])
		}
	}
	return found
}

// bounded reports whether value is a number, or a parameter with a closed range.
func (t template) bounded(value any) bool {
	_, number := value.(int)
	return number || closed(at(t["Parameters"], referred(value)))
}

// closed reports whether a parameter is a number between bounds or one of a list of values.
func closed(parameter any) bool {
	if at(parameter, "Type") == "Number" && at(parameter, "MinValue") != nil && at(parameter, "MaxValue") != nil {
		return true
	}
	return at(parameter, "AllowedValues") != nil
}
