package unleashjson

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bodyPath is the path of the body in error messages.
const bodyPath = "/body"

// Object is a JSON object. Its members' names are case-sensitive; of two members with one name the last counts, as in
// JavaScript.
type Object struct {
	members map[string]json.RawMessage
	raw     json.RawMessage
}

// ParseObject reads body, which is empty or valid JSON. An empty body counts as {}, as in Unleash. Errors: *Error if body is not
// an object.
func ParseObject(body json.RawMessage) (Object, error) {
	if len(body) == 0 {
		return Object{}, nil
	}
	o := Object{raw: body}
	if err := json.Unmarshal(body, &o.members); err != nil || o.members == nil {
		return Object{}, mismatch(bodyPath, "must be object", compact(body))
	}
	return o, nil
}

// Has reports whether there is a member called name, even if it is null.
func (o Object) Has(name string) bool {
	_, found := o.members[name]
	return found
}

// Require checks that there are members with names. Errors: *Error for the first one that is missing.
func (o Object) Require(names ...string) error {
	for _, name := range names {
		if !o.Has(name) {
			return newError(memberPath(name),
				fmt.Sprintf("The `%s` property is required. It was not present on the data you sent.", memberPath(name)))
		}
	}
	return nil
}

// AllowOnly checks that every member is one of names. Errors: *Error for the first one that is not, in the order of the body.
func (o Object) AllowOnly(names ...string) error {
	return o.Refuse(func(name string) bool { return !slices.Contains(names, name) })
}

// Refuse checks that no member has a name that matches. Errors: *Error for the first one that has, in the order of the body.
func (o Object) Refuse(matches func(name string) bool) error {
	for _, name := range memberNames(o.raw) {
		if matches(name) {
			return newError(memberPath(name), fmt.Sprintf("The `%s` object of the request body does not allow additional properties. "+
				"Your request included the `%s` property.", bodyPath, memberPath(name)))
		}
	}
	return nil
}

// Text returns a member as a string: numbers and booleans as JavaScript writes them, and "" for null or no member.
// Errors: *Error for an array or object.
func (o Object) Text(name string) (string, error) {
	raw := o.members[name]
	if raw == nil {
		return "", nil
	}
	switch raw[0] {
	case '"':
		return unquote(raw), nil
	case 'n':
		return "", nil
	case 't', 'f':
		return string(raw), nil
	case '{', '[':
		return "", mismatch(memberPath(name), "must be string", compact(raw))
	default:
		return formatNumber(parseNumber(raw)), nil
	}
}

// Time returns a member in the format date-time. Errors: *Error for any other value, and for no member.
func (o Object) Time(name string) (time.Time, error) {
	text, err := o.Text(name)
	if err != nil {
		return time.Time{}, err
	}
	at, ok := parseDateTime(text)
	if !ok {
		return time.Time{}, mismatch(memberPath(name), `must match format "date-time"`, quote(text))
	}
	return at, nil
}

// CheckBool checks a member that the validator coerces to a boolean: it also allows "true", "false", 1, 0 and null.
// Errors: *Error for any other value.
func (o Object) CheckBool(name string) error {
	raw, found := o.members[name]
	if !found {
		return nil
	}
	switch compact(raw) {
	case "true", `"true"`, "1", "false", `"false"`, "0", "null":
		return nil
	}
	return mismatch(memberPath(name), "must be boolean", compact(raw))
}

// Bool returns a member as a boolean, or nil for null or no member. Unlike CheckBool it coerces nothing: a value that
// decides access must be what the client meant. Errors: *Error for any other value.
func (o Object) Bool(name string) (*bool, error) {
	raw, found := o.members[name]
	if !found {
		return nil, nil //nolint:nilnil // no value is a valid result
	}
	var value *bool
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, mismatch(memberPath(name), "must be boolean", compact(raw))
	}
	return value, nil
}

// WholeNumber returns a member that is a whole number from least to most, in decimal digits. Unlike CheckBool it coerces nothing.
// Errors: *Error for any other value, and for no member.
func (o Object) WholeNumber(name string, least, most int64) (int64, error) {
	raw := o.members[name]
	value, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || value < least || value > most {
		return 0, mismatch(memberPath(name), fmt.Sprintf("must be a whole number from %d to %d", least, most), compact(raw))
	}
	return value, nil
}

func memberPath(name string) string { return bodyPath + "/" + name }

// memberNames returns the names of a valid JSON object's members, in order.
func memberNames(raw json.RawMessage) []string {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return names
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return names
		}
		names = append(names, fmt.Sprint(name))
	}
	return names
}
