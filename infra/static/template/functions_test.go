package template_test

import "slices"

// API Gateway's patience in seconds, with an authorizer and with an integration:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
const (
	maxAuthorizer  = 10
	maxIntegration = 29
)

// functions have a role of the template's and stated bounds, and no way in beside the API.
func functions(t template) (found findings) {
	for _, function := range t.of(kindFunction) {
		if role := function.property("Role"); !t.is(arnOf(role), kindRole) {
			found.add("%s has the role %v, want one of the template's", function.id, role)
		}
		for _, property := range []string{"Policies", "FunctionUrlConfig"} {
			if t.setting(function, property) != nil {
				found.add("%s has %s", function.id, property)
			}
		}
		timeout, memory := t.setting(function, "Timeout"), t.setting(function, "MemorySize")
		if seconds, stated := timeout.(int); !stated || seconds > t.patience(function) {
			found.add("%s has the time-out %v, want one within API Gateway's %d s", function.id, timeout, t.patience(function))
		}
		if _, stated := memory.(int); !stated {
			found.add("%s has the memory %v, want a number", function.id, memory)
		}
	}
	return found
}

// setting is the function's own, or that of all functions.
func (t template) setting(function resource, path ...string) any {
	if own := function.property(path...); own != nil {
		return own
	}
	return at(at(t["Globals"], "Function"), path...)
}

// patience is API Gateway's with the function, in seconds.
func (t template) patience(function resource) int {
	for _, api := range t.of(kindAPI) {
		for _, authorizer := range fields(api.property("Auth", "Authorizers")) {
			if arnOf(at(authorizer, "FunctionArn")) == function.id {
				return maxAuthorizer
			}
		}
	}
	return maxIntegration
}

// logs are kept for a stated time, and each group is one function's, or the access log.
func logs(t template) (found findings) {
	var used []string
	for _, function := range t.of(kindFunction) {
		used = append(used, referred(function.property("LoggingConfig", "LogGroup")))
		if !t.is(used[len(used)-1], kindLogGroup) {
			found.add("%s has no log group of the template's", function.id)
		}
	}
	for _, api := range t.of(kindAPI) {
		used = append(used, arnOf(api.property("AccessLogSetting", "DestinationArn")))
	}
	for _, group := range t.of(kindLogGroup) {
		if days := group.property("RetentionInDays"); !t.settled(days) {
			found.add("%s keeps its logs for %v, want a number of days", group.id, days)
		}
		writers := slices.DeleteFunc(slices.Clone(used), func(id string) bool { return id != group.id })
		if len(writers) != 1 {
			found.add("%s has %d writers, want 1", group.id, len(writers))
		}
	}
	return found
}
