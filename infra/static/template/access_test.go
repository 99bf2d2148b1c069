package template_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// The elements of a policy's statement that name whom, what and where, and their negations:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
var (
	selecting = []string{"Action", "Principal", "Resource"}
	negating  = []string{"NotAction", "NotPrincipal", "NotResource"}
)

// wildcards are those of every policy, wherever in the template it stands. A negation is one: it allows what nobody has named.
func wildcards(t template) (found findings) {
	walk("Resources", t["Resources"], func(path string, value any) {
		for element, named := range fields(value) {
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

// trust is the policy that lets only an AWS service take a role.
func trust(service string) map[string]any {
	return map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"Service": service}, "Action": "sts:AssumeRole",
		}},
	}
}

// logRole is for the account, not for this stack: API Gateway has one role a region for all logs, and takes it only with what
// AWS's own policy allows. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
var logRole = map[string]any{
	"AssumeRolePolicyDocument": trust("apigateway.amazonaws.com"),
	"ManagedPolicyArns": []any{map[string]any{
		"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
	}},
}

// roles are each one function's, with policies that stand in the template, or API Gateway's log role where it is asked for.
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
	for _, property := range slices.Sorted(maps.Keys(properties)) {
		if property != "AssumeRolePolicyDocument" && property != "Policies" {
			found.add("%s has %s: what it may do stands in its Policies", id, property)
		}
	}
	if diff := cmp.Diff(trust("lambda.amazonaws.com"), properties["AssumeRolePolicyDocument"]); diff != "" {
		found.add("%s can be taken by others than Lambda (-want +got):\n%s", id, diff)
	}
	return found
}

// statement is one of a function's role.
type statement struct {
	function resource
	declared any
}

// actions are those that are allowed, or empty texts for what is no text.
func (s statement) actions() []string {
	var names []string
	for _, action := range several(at(s.declared, "Action")) {
		name, _ := action.(string)
		names = append(names, name)
	}
	return names
}

// statementsOf are those of all policies in the function's role.
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

// statements allow actions by name, on the one table and on the function's own log group.
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
		case service == "logs" && on != "" && on == log:
		default:
			found.add("%s may %q on %v, want only the table's and its own log's", s.function.id, action, target)
		}
	}
	if len(s.actions()) == 0 {
		found.add("%s: a statement on %v names no action", s.function.id, target)
	}
	return found
}
