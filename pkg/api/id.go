package api

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"pats/pkg/pat"
)

func (r *request) tokenID(name string) (pat.TokenID, error) {
	id, err := r.wholeID(name)
	return pat.TokenID(id), err
}

func (r *request) userID(name string) (pat.UserID, error) {
	id, err := r.wholeID(name)
	return pat.UserID(id), err
}

// wholeID is a path parameter that holds a whole number, read as JavaScript reads numbers, which is what Unleash's validator
// does. A number that is no possible id gives 0, which nothing has.
func (r *request) wholeID(name string) (int64, error) {
	text, err := r.param(name)
	if err != nil {
		return 0, err
	}
	value, ok := wholeNumber(text)
	if !ok {
		return 0, schemaError("/params/"+name, fmt.Sprintf("The `/params/%s` property must be integer. You sent %s.", name, quote(text)))
	}
	if value < 1 || value > pat.MaxID {
		return 0, nil
	}
	return int64(value), nil
}

var (
	decimal  = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
	prefixed = regexp.MustCompile(`^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
)

// jsSpace is what JavaScript trims (ECMA-262 §12.2 and §12.3).
const jsSpace = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

func wholeNumber(text string) (float64, bool) {
	trimmed := strings.Trim(text, jsSpace)
	switch {
	case text == "":
		return 0, false
	case trimmed == "":
		return 0, true
	case prefixed.MatchString(trimmed):
		return parsePrefixed(trimmed)
	case decimal.MatchString(trimmed):
		value, _ := strconv.ParseFloat(trimmed, 64) // ±Inf when out of range, which is whole
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
