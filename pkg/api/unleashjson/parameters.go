package unleashjson

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pats/pkg/pat"
)

// ParseID reads the path parameter name, whose percent-decoded value is text, as JavaScript reads a number. A number that cannot
// be an id becomes 0, which is never an id. Errors: *Error if text is not a whole number.
func ParseID(name, text string) (int64, error) {
	value, ok := parseInteger(text)
	if !ok {
		return 0, mismatch("/params/"+name, "must be integer", quote(text))
	}
	if value < 1 || value > pat.MaxID {
		return 0, nil
	}
	return int64(value), nil
}

// ParseQueryNumber reads the query parameter name, whose value is text: a whole number from least to most, in decimal digits.
// Unleash has no such parameters. Errors: *Error.
func ParseQueryNumber(name, text string, least, most int64) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || value > most {
		return 0, mismatch("/query/"+name, fmt.Sprintf("must be a whole number from %d to %d", least, most), quote(text))
	}
	return value, nil
}

// ParseQueryBool reads the query parameter name, whose values are values: none, which is false, or one that is true or false.
// Unleash has no such parameters. Errors: *Error.
func ParseQueryBool(name string, values []string) (bool, error) {
	switch {
	case len(values) == 0:
		return false, nil
	case len(values) > 1:
		return false, RepeatedQuery(name, values)
	case values[0] == "true", values[0] == "false":
		return values[0] == "true", nil
	}
	return false, mismatch("/query/"+name, "must be boolean", quote(values[0]))
}

// ParseQueryTime reads the query parameter name, whose value is text: a time in RFC 3339, from 1970 on. In a URL the plus of an offset
// is %2B. Unleash has no such parameters. Errors: *Error.
func ParseQueryTime(name, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Unix() < 0 {
		return time.Time{}, mismatch("/query/"+name, "must be a time in RFC 3339 from 1970 on, such as 2027-01-31T12:00:00Z", quote(text))
	}
	return at.UTC(), nil
}

// ParseQueryEnum reads the query parameter name, whose value is text: one of choices. Unleash has no such parameters. Errors: *Error.
func ParseQueryEnum[Text ~string](name, text string, choices []Text) (Text, error) {
	if slices.Contains(choices, Text(text)) {
		return Text(text), nil
	}
	var names []string
	for _, choice := range choices {
		names = append(names, string(choice))
	}
	return "", mismatch("/query/"+name, "must be one of "+strings.Join(names, ", "), quote(text))
}

// UnknownQuery returns the error of a query parameter that the route does not have.
func UnknownQuery(name string) error {
	return newError("/query/"+name, fmt.Sprintf("The query does not allow additional parameters. Your request included %s.", quote(name)))
}

// RepeatedQuery returns the error of a query parameter that has several values where one is wanted.
func RepeatedQuery(name string, values []string) error {
	sent, _ := json.Marshal(values)
	return mismatch("/query/"+name, "must be string", string(sent))
}

// InvalidEmail returns the error for a text that is not an email address.
func InvalidEmail(text string) error {
	return newError("", fmt.Sprintf(`"value" must be a valid email. You provided %s.`, quote(text)))
}

// EmptyValue returns the error for a member that is present but empty.
func EmptyValue() error { return newError("", `"value" is not allowed to be empty.`) }
