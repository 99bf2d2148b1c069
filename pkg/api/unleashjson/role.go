package unleashjson

import (
	"encoding/json"
	"math"
	"slices"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

const roleMember = "rootRole"

// projectRoles are the roles that Unleash's validator knows but that no user can have as root role.
var projectRoles = []string{"Owner", "Member", "Reader"}

// RootRole returns the member rootRole: a role's name, or its number in any spelling that JavaScript reads as one.
// Errors: *Error for another type or name; KindInvalid for a number or a project role that is not a root role.
func (o Object) RootRole() (pat.Role, error) {
	raw := o.members[roleMember]
	name := unquote(raw)
	for _, role := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		if name == role.String() {
			return role, nil
		}
	}
	if slices.Contains(projectRoles, name) {
		return 0, unknownRole(name)
	}
	return roleWithNumber(raw)
}

// OptionalRootRole is like RootRole, but returns 0 for no member and for null, 0, "0" and false, which the validator coerces to 0.
func (o Object) OptionalRootRole() (pat.Role, error) {
	raw, found := o.members[roleMember]
	if !found {
		return 0, nil
	}
	if value, ok := roleNumber(raw); ok && value == 0 {
		return 0, nil
	}
	return o.RootRole()
}

func roleWithNumber(raw json.RawMessage) (pat.Role, error) {
	value, ok := roleNumber(raw)
	if !ok || value < 0 {
		return 0, roleError(raw)
	}
	for _, role := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		if value == float64(role) {
			return role, nil
		}
	}
	return 0, unknownRole(formatNumber(value))
}

func unknownRole(name string) error {
	return &pat.Error{Kind: pat.KindInvalid, Message: "Could not find rootRole=" + name}
}

// roleNumber returns a number, a numeric string, a boolean or null as a whole number, and reports whether it is one.
func roleNumber(raw json.RawMessage) (float64, bool) {
	switch raw[0] {
	case 'n', 'f':
		return 0, true
	case 't':
		return 1, true
	case '"':
		return parseInteger(unquote(raw))
	case '[', '{':
		return 0, false
	}
	value := parseNumber(raw)
	return value, value == math.Trunc(value)
}

// roleError returns the error of a value that is neither a number nor a name of a role. As in Unleash, it has a detail for each
// alternative of the schema's oneOf.
func roleError(raw json.RawMessage) error {
	path := memberPath(roleMember)
	sent := roleSent(raw)
	rule := "must be integer"
	if value, ok := roleNumber(raw); ok && value < 0 {
		rule = "must be >= 0"
	}
	details := mismatch(path, rule, sent).Details
	if isCompound(raw) {
		details = append(details, mismatch(path, "must be string", sent).Details...)
	}
	return &Error{Details: append(details,
		apitypes.Detail{Path: roleMember, Message: "The `" + roleMember + "` property must be equal to one of the allowed values: " +
			`"Admin", "Editor", "Viewer", "Owner", "Member", "Reader". You provided ` + sent +
			`, which is not valid. Please use one of the allowed values instead..`},
		apitypes.Detail{Path: path, Message: `The "` + path + `" property must match exactly one schema in oneOf. The data you ` +
			`provided matches more than one option in the schema. These options are mutually exclusive. Please refer back to the ` +
			`schema and remove any excess properties.`})}
}

// roleSent returns the value as it appears in messages, after coercion: anything but an array or object is a string there.
func roleSent(raw json.RawMessage) string {
	switch {
	case isCompound(raw):
		return compact(raw)
	case raw[0] == '"':
		return quote(unquote(raw))
	}
	return quote(formatNumber(parseNumber(raw)))
}

func isCompound(raw json.RawMessage) bool { return raw[0] == '[' || raw[0] == '{' }
