package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// policy is an IAM policy document, as far as an authorizer needs one: Effect, Action and Resource. A policy with anything
// more, such as conditions, is refused rather than read wrongly.
type policy struct {
	ID        string `json:"Id"`
	Version   string
	Statement oneOrMore[statement]
}

type statement struct {
	Sid      string
	Effect   string
	Action   oneOrMore[string]
	Resource oneOrMore[string]
}

// The effects of a statement.
const (
	effectAllow = "Allow"
	effectDeny  = "Deny"
)

// oneOrMore is a list that may be written without brackets if it has one element, as in IAM policies.
type oneOrMore[T any] []T

// UnmarshalJSON refuses fields that T does not have.
func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return strict(data, (*[]T)(l))
	}
	*l = make([]T, 1)
	return strict(data, &(*l)[0])
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

var (
	errNoStatement = errors.New("the policy has no statement")
	errStatement   = errors.New("a statement of the policy needs an effect, Allow or Deny, an action and a resource")
)

func parsePolicy(document []byte) (policy, error) {
	var p policy
	if err := strict(document, &p); err != nil {
		return policy{}, err
	}
	if len(p.Statement) == 0 {
		return policy{}, errNoStatement
	}
	if slices.ContainsFunc(p.Statement, statement.incomplete) {
		return policy{}, errStatement
	}
	return p, nil
}

func (s statement) incomplete() bool {
	return (s.Effect != effectAllow && s.Effect != effectDeny) || empty(s.Action) || empty(s.Resource)
}

func empty(list []string) bool { return len(list) == 0 || slices.Contains(list, "") }

// allows evaluates the policy for one method: an explicit Deny wins, and what no statement allows is denied.
func (p policy) allows(methodARN string) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.covers(methodARN) {
			continue
		}
		if s.Effect == effectDeny {
			return false
		}
		allowed = true
	}
	return allowed
}

const invokeAction = "execute-api:invoke"

// covers compares actions without regard to case and resources with it, as IAM does.
func (s statement) covers(methodARN string) bool {
	action := func(pattern string) bool { return wildcard(strings.ToLower(pattern), invokeAction) }
	resource := func(pattern string) bool { return wildcard(pattern, methodARN) }
	return slices.ContainsFunc(s.Action, action) && slices.ContainsFunc(s.Resource, resource)
}

// wildcard matches the whole of text: * is any run of characters, slashes and colons among them, and ? is any one.
func wildcard(pattern, text string) bool {
	star, mark := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
