package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object whose names are told apart by case; of two members with one name the last counts, as in JavaScript.
type object map[string]json.RawMessage

// object reads the body as one. An absent body counts as {}, as in Unleash.
func (r *request) object() (object, error) {
	if len(r.json) == 0 {
		return object{}, nil
	}
	var members object
	if err := json.Unmarshal(r.json, &members); err != nil || members == nil {
		return nil, schemaError("/body", fmt.Sprintf("The `/body` property must be object. You sent %s.", compact(r.json)))
	}
	return members, nil
}

// require checks that the members are there, in the order given.
func (o object) require(names ...string) error {
	for _, name := range names {
		if _, ok := o[name]; !ok {
			return schemaError("/body/"+name, fmt.Sprintf("The `/body/%s` property is required. It was not present on the data you sent.", name))
		}
	}
	return nil
}

// text is a member as a string. Unleash's validator coerces numbers, booleans and null, and so does this.
func (o object) text(name string) (string, error) {
	raw := o[name]
	switch raw[0] {
	case '"':
		return unquote(raw), nil
	case 'n':
		return "", nil
	case 't', 'f':
		return string(raw), nil
	case '{', '[':
		return "", schemaError("/body/"+name, fmt.Sprintf("The `/body/%s` property must be string. You sent %s.", name, compact(raw)))
	default:
		return number(raw), nil
	}
}

// unquote reads a valid JSON string.
func unquote(raw json.RawMessage) string {
	var text string
	_ = json.Unmarshal(raw, &text)
	return text
}

// number writes a JSON number, and jsNumber any, as JavaScript's String() does: encoding/json has the same rules (ECMA-262 §6.1.6.1.20).
func number(raw json.RawMessage) string {
	value, _ := strconv.ParseFloat(string(raw), 64)
	return jsNumber(value)
}

func jsNumber(value float64) string {
	switch {
	case value == 0:
		return "0"
	case math.IsInf(value, 1):
		return "Infinity"
	case math.IsInf(value, -1):
		return "-Infinity"
	}
	text, _ := json.Marshal(value)
	return string(text)
}

// compact is raw without white space between its parts.
func compact(raw json.RawMessage) string {
	var out bytes.Buffer
	_ = json.Compact(&out, raw)
	return out.String()
}

// quote writes text as a JSON string, leaving <, > and & as they are.
func quote(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSuffix(out.String(), "\n")
}

// time is a member in the format "date-time".
func (o object) time(name string) (time.Time, error) {
	text, err := o.text(name)
	if err != nil {
		return time.Time{}, err
	}
	at, ok := parseDateTime(text)
	if !ok {
		return time.Time{}, schemaError("/body/"+name,
			fmt.Sprintf("The `/body/%s` property must match format \"date-time\". You sent %s.", name, quote(text)))
	}
	return at, nil
}

// dateTime is what Unleash's validator (ajv-formats) takes for RFC 3339: also white space for the T, no offset at all, which
// means UTC, and an offset without colon or minutes.
var dateTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[tT\s](\d\d:\d\d):(\d\d)(\.\d+)?([zZ]|([+-]\d\d)(?::?(\d\d))?)?$`)

// maxOffset is the largest distance from UTC that PostgreSQL takes, and with it Unleash.
const maxOffset = 16 * time.Hour

func parseDateTime(text string) (time.Time, bool) {
	part := dateTime.FindStringSubmatch(text)
	if part == nil {
		return time.Time{}, false
	}
	seconds, leap := part[3], time.Duration(0)
	if seconds == "60" && part[2] == "23:59" {
		seconds, leap = "59", time.Second
	}
	at, err := time.Parse("2006-01-02T15:04:05", part[1]+"T"+part[2]+":"+seconds+part[4])
	offset, ok := parseOffset(part[6], part[7])
	if err != nil || !ok {
		return time.Time{}, false
	}
	return at.Add(leap - offset).Round(time.Microsecond).Truncate(time.Millisecond), true
}

func parseOffset(hours, minutes string) (time.Duration, bool) {
	if hours == "" {
		return 0, true
	}
	h, _ := strconv.Atoi(hours[1:])
	m, _ := strconv.Atoi(minutes)
	offset := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if hours[0] == '-' {
		return -offset, m < 60 && offset < maxOffset
	}
	return offset, m < 60 && offset < maxOffset
}
