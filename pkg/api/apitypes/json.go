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
	makerNames     = sync.OnceValue(namesOf[Maker])
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
	text = appendID(append(text, names[0]...), t.ID)
	text = appendString(append(text, names[1]...), t.Description)
	text = appendTime(append(text, names[2]...), &t.ExpiresAt)
	text = appendID(append(text, names[3]...), t.UserID)
	text = appendTime(append(text, names[4]...), &t.CreatedAt)
	text = appendTime(append(text, names[5]...), t.SeenAt)
	if t.Scopes != nil {
		text = appendList(append(text, names[6]...), t.Scopes, appendString)
	}
	if t.CreatedBy != nil {
		text = t.CreatedBy.appendJSON(append(text, names[7]...))
	}
	if len(t.Ancestors) > 0 {
		text = appendList(append(text, names[8]...), t.Ancestors, appendID)
	}
	if t.RotatedAt != nil {
		text = appendTime(append(text, names[9]...), t.RotatedAt)
	}
	if t.OverlapEndsAt != nil {
		text = appendTime(append(text, names[10]...), t.OverlapEndsAt)
	}
	if t.ExceedsMaxLifetime {
		text = append(append(text, names[11]...), "true"...)
	}
	return append(text, '}')
}

func (m *Maker) appendJSON(text []byte) []byte {
	names := makerNames()
	text = appendID(append(text, names[0]...), m.UserID)
	if m.TokenID != 0 {
		text = appendID(append(text, names[1]...), m.TokenID)
	}
	return append(text, '}')
}

func appendList[Item any](text []byte, items []Item, appendItem func([]byte, Item) []byte) []byte {
	text = append(text, '[')
	for i, item := range items {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendItem(text, item)
	}
	return append(text, ']')
}

func appendID[ID ~int64](text []byte, id ID) []byte { return strconv.AppendInt(text, int64(id), 10) }

// appendTime appends null for nil.
func appendTime(text []byte, at *Time) []byte {
	if at == nil {
		return append(text, "null"...)
	}
	return append(at.append(append(text, '"')), '"')
}

func appendString[String ~string](text []byte, value String) []byte {
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			return appendEscaped(text, string(value))
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
