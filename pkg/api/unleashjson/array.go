package unleashjson

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Strings returns a member that is an array of least to most strings. As Bool does, it coerces nothing.
// Errors: *Error for any other value, and for no member.
func (o Object) Strings(name string, least, most int) ([]string, error) {
	path, raw := memberPath(name), o.members[name]
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || items == nil {
		return nil, mismatch(path, "must be array", compact(raw))
	}
	switch {
	case len(items) < least:
		return nil, mismatch(path, fmt.Sprintf("must NOT have fewer than %d items", least), compact(raw))
	case len(items) > most:
		return nil, mismatch(path, fmt.Sprintf("must NOT have more than %d items", most), compact(raw))
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if item[0] != '"' {
			return nil, mismatch(itemPath(name, i), "must be string", compact(item))
		}
		texts[i] = unquote(item)
	}
	return texts, nil
}

// PatternMismatch returns the error for a string that does not match pattern, at index in the array that the member is.
func PatternMismatch(name string, index int, pattern, text string) error {
	return mismatch(itemPath(name, index), fmt.Sprintf(`must match pattern "%s"`, pattern), quote(text))
}

func itemPath(name string, index int) string { return memberPath(name) + "/" + strconv.Itoa(index) }
