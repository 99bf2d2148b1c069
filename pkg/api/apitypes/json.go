package apitypes

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// The lists of tokens are most of the traffic, and encoding/json takes a quarter of the time of a request for one. These functions
// append the same text without reflection.

var (
	tokenNames     = sync.OnceValue(namesOf[Token])
	tokenListNames = sync.OnceValue(namesOf[TokenList])
)

// namesOf returns what is before each value in a struct's JSON, such as `{"id":` and `,"description":`, in the order of the fields.
func namesOf[Struct any]() []string {
	var names []string
	separator := "{"
	for field := range reflect.TypeFor[Struct]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, separator+strconv.Quote(name)+":")
		separator = ","
	}
	return names
}

// tokenBytes is about the size of a token's JSON without its description.
const tokenBytes = 160

// JSON returns the JSON of l as [encoding/json] marshals it, with <, > and & unescaped. A nil Pats is an empty array.
func (l TokenList) JSON() []byte {
	size := tokenBytes
	for i := range l.Pats {
		size += tokenBytes + len(l.Pats[i].Description)
	}
	text := append(make([]byte, 0, size), tokenListNames()[0]...)
	text = append(text, '[')
	for i := range l.Pats {
		if i > 0 {
			text = append(text, ',')
		}
		text = l.Pats[i].appendJSON(text)
	}
	return append(text, "]}"...)
}

// appendJSON appends the values in the order of the fields.
func (t *Token) appendJSON(text []byte) []byte {
	names := tokenNames()
	text = strconv.AppendInt(append(text, names[0]...), int64(t.ID), 10)
	text = appendString(append(text, names[1]...), t.Description)
	text = appendTime(append(text, names[2]...), &t.ExpiresAt)
	text = strconv.AppendInt(append(text, names[3]...), int64(t.UserID), 10)
	text = appendTime(append(text, names[4]...), &t.CreatedAt)
	text = appendTime(append(text, names[5]...), t.SeenAt)
	return append(text, '}')
}

// appendTime appends null for nil.
func appendTime(text []byte, at *Time) []byte {
	if at == nil {
		return append(text, "null"...)
	}
	return append(at.append(append(text, '"')), '"')
}

func appendString(text []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			return appendEscaped(text, value)
		}
	}
	text = append(text, '"')
	text = append(text, value...)
	return append(text, '"')
}

func appendEscaped(text []byte, value string) []byte {
	buffer := bytes.NewBuffer(text)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a string always has a JSON form
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}
