package template_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Actions that the calls of dynamostore.API need.
const (
	query      = "dynamodb:Query"
	putItem    = "dynamodb:PutItem"
	updateItem = "dynamodb:UpdateItem"
	deleteItem = "dynamodb:DeleteItem"
	checkItem  = "dynamodb:ConditionCheckItem"
)

// The condition keys and operators that the roles use:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
const (
	leading        = "dynamodb:LeadingKeys"
	accessed       = "dynamodb:Attributes"
	returned       = "dynamodb:ReturnValues"
	forAllLike     = "ForAllValues:StringLike"
	forAllEqual    = "ForAllValues:StringEquals"
	equalsIfExists = "StringEqualsIfExists"
)

// access is what a request does to one item, or to the items of one partition, as IAM sees it.
type access struct {
	action string
	// key is the partition key.
	key string
	// attributes are the top-level attributes in the request's parameters.
	attributes []string
	// returns is the parameter ReturnValues.
	returns string
}

func (a access) String() string {
	return fmt.Sprintf("%s on %s (attributes %q, returning %s)", a.action, a.key, a.attributes, a.returns)
}

// values returns those of a condition key.
func (a access) values(key string) []string {
	switch key {
	case leading:
		return []string{a.key}
	case accessed:
		return a.attributes
	case returned:
		return []string{a.returns}
	}
	return nil
}

// allows reports whether the statement allows the access, by the rules of IAM. A condition that this evaluation does not know is not met.
func (s statement) allows(a access) bool {
	if !slices.Contains(s.actions(), a.action) {
		return false
	}
	for operator, keys := range sorted(at(s.declared, "Condition")) {
		for key, patterns := range sorted(keys) {
			for _, value := range a.values(key) {
				if !slices.ContainsFunc(texts(patterns), func(p string) bool { return matches(operator, p, value) }) {
					return false
				}
			}
			if len(a.values(key)) == 0 {
				return false
			}
		}
	}
	return true
}

func matches(operator, pattern, value string) bool {
	switch operator {
	case forAllLike:
		like := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		return regexp.MustCompile(`(?s)\A` + like + `\z`).MatchString(value)
	case forAllEqual, equalsIfExists:
		return pattern == value
	}
	return false
}

// policy is what a function's role allows.
type policy []statement

func (p policy) allows(a access) bool {
	return slices.ContainsFunc(p, func(s statement) bool { return s.allows(a) })
}

// unused returns the actions, kinds of items and attributes of the policy that none of the accesses needs. ReturnValues is ignored: its
// NONE is the value of a request without one.
func (p policy) unused(needed []access) (found findings) {
	for _, s := range p {
		for _, action := range s.actions() {
			if !strings.HasPrefix(action, "dynamodb:") {
				continue
			}
			for _, grant := range s.grants() {
				if !slices.ContainsFunc(needed, func(a access) bool { return a.action == action && s.allows(a) && grant.covers(a) }) {
					found.add("%s can %s with %s %s, which it never does", s.function.id, action, grant.key, grant.value)
				}
			}
		}
	}
	return found
}

// grant is one value of a condition.
type grant struct{ operator, key, value string }

func (g grant) covers(a access) bool {
	return slices.ContainsFunc(a.values(g.key), func(value string) bool { return matches(g.operator, g.value, value) })
}

func (s statement) grants() []grant {
	var all []grant
	for operator, keys := range sorted(at(s.declared, "Condition")) {
		for key, values := range sorted(keys) {
			for _, value := range texts(values) {
				if key != returned {
					all = append(all, grant{operator, key, value})
				}
			}
		}
	}
	return all
}
