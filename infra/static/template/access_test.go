package template_test

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Elements of a policy's statement: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
var (
	selecting = []string{"Action", "Principal", "Resource"}
	negating  = []string{"NotAction", "NotPrincipal", "NotResource"}
)

// wildcards returns the wildcards of every policy, wherever it is in the template. A negation counts as one, since it allows all but
// what it names.
func wildcards(t template) (found findings) {
	walk("Resources", t["Resources"], func(path string, value any) {
		for element, named := range sorted(value) {
			if slices.Contains(negating, element) {
				found.add("%s has %s", path, element)
			}
			if !slices.Contains(selecting, element) {
				continue
			}
			walk(path+"."+element, named, func(path string, value any) {
				if text, ok := value.(string); ok && strings.ContainsAny(text, "*?") {
					found.add("%s is %q, with a wildcard", path, text)
				}
			})
		}
	})
	return found
}

// trust returns the policy that lets only an AWS service assume a role.
func trust(service string) map[string]any {
	return map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": service}, "Action": "sts:AssumeRole",
		}},
	}
}

// logRole is the role for all logs of API Gateway in an account and region. API Gateway accepts only one with AWS's own policy:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
var logRole = map[string]any{
	"AssumeRolePolicyDocument": trust("apigateway.amazonaws.com"),
	"ManagedPolicyArns": []any{map[string]any{
		"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
	}},
}

// roles checks that each role belongs to one function and has all its policies in the template, or is API Gateway's log role.
func roles(t template) (found findings) {
	used := map[string]int{}
	for _, function := range t.of(kindFunction) {
		used[arnOf(function.property("Role"))]++
	}
	for _, role := range t.of(kindRole) {
		properties := fields(at(role.declared, "Properties"))
		switch {
		case cmp.Equal(properties, logRole) && at(role.declared, "Condition") == "WithLogRole":
		case used[role.id] != 1:
			found.add("%s is the role of %d functions, want 1", role.id, used[role.id])
		default:
			found = append(found, functionRole(role.id, properties)...)
		}
	}
	return found
}

func functionRole(id string, properties map[string]any) (found findings) {
	for property := range sorted(properties) {
		if property != "AssumeRolePolicyDocument" && property != "Policies" {
			found.add("%s has %s, want all permissions in its Policies", id, property)
		}
	}
	if diff := cmp.Diff(trust("lambda.amazonaws.com"), properties["AssumeRolePolicyDocument"]); diff != "" {
		found.add("%s can be assumed by others than Lambda (-want +got):\n%s", id, diff)
	}
	return found
}

// statement is one of a function's role.
type statement struct {
	function resource
	declared any
}

// actions returns the allowed actions, with "" for each that is not a string.
func (s statement) actions() []string { return texts(at(s.declared, "Action")) }

// statementsOf returns the statements of all policies in the function's role.
func (t template) statementsOf(function resource) []statement {
	var all []statement
	role := arnOf(function.property("Role"))
	for _, policy := range several(at(t["Resources"], role, "Properties", "Policies")) {
		for _, declared := range several(at(policy, "PolicyDocument", "Statement")) {
			all = append(all, statement{function, declared})
		}
	}
	return all
}

// logActions are what Lambda does with a function's role to write its log.
var logActions = []string{"logs:CreateLogStream", "logs:PutLogEvents"}

// statements checks that each statement allows actions by name on some of the table's items or on the function's own log group.
func statements(t template) (found findings) {
	for _, function := range t.of(kindFunction) {
		var onLog []string
		for _, s := range t.statementsOf(function) {
			found = append(found, t.statement(s)...)
			for _, action := range s.actions() {
				if strings.HasPrefix(action, "logs:") {
					onLog = append(onLog, action)
				}
			}
		}
		slices.Sort(onLog)
		if !slices.Equal(onLog, logActions) {
			found.add("%s has on its log %v, want %v", function.id, onLog, logActions)
		}
	}
	return found
}

func (t template) statement(s statement) (found findings) {
	if got := at(s.declared, "Effect"); got != "Allow" {
		found.add("%s: a statement has the effect %v, want Allow", s.function.id, got)
	}
	target := at(s.declared, "Resource")
	log := referred(s.function.property("LoggingConfig", "LogGroup"))
	for _, action := range s.actions() {
		service, _, _ := strings.Cut(action, ":")
		switch on := arnOf(target); {
		case service == "dynamodb" && t.is(on, kindTable):
			found = append(found, leadingKeys(s)...)
		case service == "logs" && on != "" && on == log:
		default:
			found.add("%s can %q on %v, want only actions on the table and on its own log", s.function.id, action, target)
		}
	}
	if len(s.actions()) == 0 {
		found.add("%s: a statement on %v names no action", s.function.id, target)
	}
	return found
}

// kindsOfItems are the partition keys of dynamostore, as patterns.
var kindsOfItems = []string{"USER#*", "UNIQUE#*", "TOKEN#*", "DIRECTORY", "SERVICES", "SYSTEM"}

// leadingKeys checks that the statement names the kinds of items that it allows.
func leadingKeys(s statement) (found findings) {
	keys := texts(at(s.declared, "Condition", forAllLike, leading))
	if len(keys) == 0 {
		found.add("%s can %v on any item", s.function.id, s.actions())
	}
	for _, key := range keys {
		if !slices.Contains(kindsOfItems, key) {
			found.add("%s can %v on %q, want some of %q", s.function.id, s.actions(), key, kindsOfItems)
		}
	}
	return found
}
