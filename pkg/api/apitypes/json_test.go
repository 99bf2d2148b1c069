package apitypes_test

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"
	"time"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// TestTokenListJSON sets every field of random tokens, so that it fails for a field that JSON leaves out.
func TestTokenListJSON(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	for range 500 {
		list := apitypes.TokenList{Pats: make([]apitypes.Token, random.Intn(12))}
		for i := range list.Pats {
			fill(t, reflect.ValueOf(&list.Pats[i]).Elem(), random)
		}
		equalsEncoding(t, list)
	}
}

// fill sets the fields of a struct to random values, or sometimes to the zero value.
func fill(t *testing.T, target reflect.Value, random *rand.Rand) {
	t.Helper()
	for field := range target.Type().Fields() {
		if random.Intn(4) > 0 {
			target.FieldByIndex(field.Index).Set(randomValue(t, field, random))
		}
	}
}

func randomValue(t *testing.T, field reflect.StructField, random *rand.Rand) reflect.Value {
	t.Helper()
	at := apitypes.Time{Time: time.UnixMicro(random.Int63n(250e15)).UTC()}
	switch field.Type {
	case reflect.TypeOf(at):
		return reflect.ValueOf(at)
	case reflect.TypeOf(&at):
		return reflect.ValueOf(&at)
	}
	value, ok := quick.Value(field.Type, random)
	if !ok {
		t.Fatalf("field %s: no random value of %v", field.Name, field.Type)
	}
	return value
}

// equalsEncoding checks that the JSON of list is that of encoding/json.
func equalsEncoding(t *testing.T, list apitypes.TokenList) {
	t.Helper()
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		t.Fatal(err)
	}
	if got := list.JSON(); string(got)+"\n" != want.String() {
		t.Fatalf("JSON of %+v:\n got %s\nwant %s", list, got, want.Bytes())
	}
}

// FuzzTokenListJSON checks that descriptions and times have the form of encoding/json and of time.Format.
func FuzzTokenListJSON(f *testing.F) {
	for _, description := range []string{
		"ci", "", `"quoted"`, `back\slash`, "<&>", "line\nbreak\x00\x1f\x7f~", "é", "\u2028\u2029", "\xff\xfe", "\xed\xa0\x80", "a😀",
	} {
		f.Add(int64(1), description, int64(1792000000123), true)
	}
	f.Add(int64(-1<<63), "", int64(-1), false)
	f.Add(int64(1<<63-1), "", int64(253402300799999), true)
	f.Fuzz(func(t *testing.T, id int64, description string, milliseconds int64, seen bool) {
		at := time.UnixMilli(milliseconds).In(time.FixedZone("", 3600))
		if year := at.UTC().Year(); year < 1 || year > 9999 {
			t.Skip("RFC 3339 has no such year")
		}
		token := pat.Token{ID: pat.TokenID(id), Description: description, CreatedAt: at, ExpiresAt: at}
		if seen {
			token.SeenAt = at
		}
		equalsEncoding(t, apitypes.NewTokenList(pat.UserID(id), []pat.Token{token, token}))
		text, err := apitypes.Time{Time: at}.MarshalText()
		if want := at.UTC().Format("2006-01-02T15:04:05.000Z"); err != nil || string(text) != want {
			t.Errorf("MarshalText: got %s, error %v, want %s", text, err, want)
		}
	})
}

// BenchmarkTokenListJSON marshals ten tokens.
func BenchmarkTokenListJSON(b *testing.B) {
	at := time.Date(2027, 4, 19, 8, 15, 14, 123e6, time.UTC)
	token := pat.Token{ID: 1, Description: "a description of usual length", CreatedAt: at, ExpiresAt: at, SeenAt: at}
	var tokens []pat.Token
	for range pat.MaxTokens {
		tokens = append(tokens, token)
	}
	list := apitypes.NewTokenList(1, tokens)
	b.ReportAllocs()
	for b.Loop() {
		list.JSON()
	}
}
