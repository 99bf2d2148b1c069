package unleashjson

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// unquote returns the text of a valid JSON string, and "" for any other value.
func unquote(raw json.RawMessage) string {
	var text string
	_ = json.Unmarshal(raw, &text)
	return text
}

// quote returns text as a JSON string, with <, > and & unescaped.
func quote(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	return strings.TrimSuffix(out.String(), "\n")
}

// compact returns raw without white space between its tokens.
func compact(raw json.RawMessage) string {
	var out bytes.Buffer
	_ = json.Compact(&out, raw)
	return out.String()
}

// parseNumber returns the value of a valid JSON number: ±Inf beyond the range of float64, as in JavaScript.
func parseNumber(raw json.RawMessage) float64 {
	value, _ := strconv.ParseFloat(string(raw), 64)
	return value
}

// formatNumber returns value as JavaScript's String() writes it (ECMA-262 §6.1.6.1.20). encoding/json has the same rules.
func formatNumber(value float64) string {
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

var (
	decimal  = compiled(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	prefixed = compiled(`^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
)

// jsSpace is what JavaScript trims (ECMA-262 §12.2 and §12.3).
const jsSpace = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

// parseInteger reads text as JavaScript's Number() does and reports whether it is a whole number, in any spelling: 2, 0x2, 2.0
// and 20e-1 are. White space is 0, as in JavaScript; an empty text and Infinity are no numbers here.
func parseInteger(text string) (float64, bool) {
	trimmed := strings.Trim(text, jsSpace)
	switch {
	case text == "":
		return 0, false
	case trimmed == "":
		return 0, true
	case prefixed().MatchString(trimmed):
		return parsePrefixed(trimmed)
	case decimal().MatchString(trimmed):
		value, _ := strconv.ParseFloat(trimmed, 64) // ±Inf out of range, which is whole
		return value, value == math.Trunc(value)
	}
	return 0, false
}

func parsePrefixed(text string) (float64, bool) {
	value, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return math.Inf(1), true
	}
	return float64(value), true
}
