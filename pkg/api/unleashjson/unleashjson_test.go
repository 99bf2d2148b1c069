package unleashjson_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/api/apitypes"
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// The tests of pkg/api check these rules through the routes, value by value. Those here check what the functions promise to callers.

func parse(t *testing.T, body string) unleashjson.Object {
	t.Helper()
	object, err := unleashjson.ParseObject(json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// wantDetail checks that err has one detail.
func wantDetail(t *testing.T, err error, path, message string) {
	t.Helper()
	e, ok := errors.AsType[*unleashjson.Error](err)
	if !ok {
		t.Fatalf("got error %v, want an *unleashjson.Error", err)
	}
	if diff := cmp.Diff([]apitypes.Detail{{Message: message, Path: path}}, e.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

func TestParseObject(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{"": false, "{}": false, `{"a":null}`: true, `{"a":1,"a":2}`: true, `{"A":1}`: false} {
		if got := parse(t, body).Has("a"); got != want {
			t.Errorf("%q: got a member a %v, want %v", body, got, want)
		}
	}
	for body, sent := range map[string]string{"null": "null", "[ 1 ]": "[1]", `"x"`: `"x"`, "3": "3"} {
		_, err := unleashjson.ParseObject(json.RawMessage(body))
		wantDetail(t, err, "/body", "The `/body` property must be object. You sent "+sent+".")
	}
}

func TestAllowOnlyReportsTheFirstInTheBody(t *testing.T) {
	t.Parallel()
	err := parse(t, `{"a":{"x":1},"z":1,"b":1}`).AllowOnly("a", "b")
	wantDetail(t, err, "/body/z", "The `/body` object of the request body does not allow additional properties. "+
		"Your request included the `/body/z` property.")
	if err := parse(t, "").AllowOnly(); err != nil {
		t.Errorf("an empty body: got error %v, want none", err)
	}
}

func TestAbsentMembers(t *testing.T) {
	t.Parallel()
	object := parse(t, "{}")
	if text, err := object.Text("a"); text != "" || err != nil {
		t.Errorf("Text: got %q and error %v, want an empty text", text, err)
	}
	if value, err := object.Bool("a"); value != nil || err != nil {
		t.Errorf("Bool: got %v and error %v, want nil", value, err)
	}
	if role, err := object.OptionalRootRole(); role != 0 || err != nil {
		t.Errorf("OptionalRootRole: got %v and error %v, want 0", role, err)
	}
	_, err := object.Time("a")
	wantDetail(t, err, "/body/a", "The `/body/a` property must match format \"date-time\". You sent \"\".")
	wantDetail(t, object.Require("a", "b"), "/body/a", "The `/body/a` property is required. It was not present on the data you sent.")
}

// TestLeapSeconds: as in Unleash, 23:59:60 is one in any offset, and no other time is.
func TestLeapSeconds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"2027-06-30T23:59:60Z":      time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC),
		"2027-06-30T23:59:60.5Z":    time.Date(2027, 7, 1, 0, 0, 0, 500e6, time.UTC),
		"2027-06-30T23:59:60+01:00": time.Date(2027, 6, 30, 23, 0, 0, 0, time.UTC),
		"2027-07-01T00:59:60+01:00": {},
		"2027-06-30T23:58:60Z":      {},
		"2027-06-30T23:59:61Z":      {},
	} {
		got, err := parse(t, `{"a":"`+text+`"}`).Time("a")
		if !got.Equal(want) || (err != nil) != want.IsZero() {
			t.Errorf("%s: got %v and error %v, want %v", text, got, err, want)
		}
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "0x10": 16, "9007199254740991": pat.MaxID, "9007199254740992": 0, "0": 0, "-1": 0, " ": 0, "1e400": 0} {
		if got, err := unleashjson.ParseID("id", text); got != want || err != nil {
			t.Errorf("%q: got %d and error %v, want %d", text, got, err, want)
		}
	}
	_, err := unleashjson.ParseID("id", "")
	wantDetail(t, err, "/params/id", "The `/params/id` property must be integer. You sent \"\".")
}

func TestStrings(t *testing.T) {
	t.Parallel()
	got, err := parse(t, `{"a":["x","","x"]}`).Strings("a", 1, 3)
	if diff := cmp.Diff([]string{"x", "", "x"}, got); diff != "" || err != nil {
		t.Errorf("got error %v and (-want +got):\n%s", err, diff)
	}
	for body, want := range map[string]apitypes.Detail{
		`{}`:                    {Path: "/body/a", Message: "The `/body/a` property must be array. You sent ."},
		`{"a":null}`:            {Path: "/body/a", Message: "The `/body/a` property must be array. You sent null."},
		`{"a":"x"}`:             {Path: "/body/a", Message: "The `/body/a` property must be array. You sent \"x\"."},
		`{"a":0}`:               {Path: "/body/a", Message: "The `/body/a` property must be array. You sent 0."},
		`{"a":true}`:            {Path: "/body/a", Message: "The `/body/a` property must be array. You sent true."},
		`{"a":{"0":"x"}}`:       {Path: "/body/a", Message: "The `/body/a` property must be array. You sent {\"0\":\"x\"}."},
		`{"a":[ ]}`:             {Path: "/body/a", Message: "The `/body/a` property must NOT have fewer than 1 items. You sent []."},
		`{"a":["x",1,"y","z"]}`: {Path: "/body/a", Message: "The `/body/a` property must NOT have more than 3 items. You sent [\"x\",1,\"y\",\"z\"]."},
		`{"a":["x",1]}`:         {Path: "/body/a/1", Message: "The `/body/a/1` property must be string. You sent 1."},
		`{"a":[ null]}`:         {Path: "/body/a/0", Message: "The `/body/a/0` property must be string. You sent null."},
		`{"a":["x",["y"]]}`:     {Path: "/body/a/1", Message: "The `/body/a/1` property must be string. You sent [\"y\"]."},
	} {
		_, err := parse(t, body).Strings("a", 1, 3)
		wantDetail(t, err, want.Path, want.Message)
	}
	wantDetail(t, unleashjson.PatternMismatch("a", 2, `^x"?$`, `"`), "/body/a/2",
		"The `/body/a/2` property must match pattern \"^x\"?$\". You sent \"\\\"\".")
}

func TestParseQueryBool(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		want   bool
	}{"absent": {nil, false}, "true": {[]string{"true"}, true}, "false": {[]string{"false"}, false}} {
		if got, err := unleashjson.ParseQueryBool("q", c.values); got != c.want || err != nil {
			t.Errorf("%s: got %v and error %v, want %v", name, got, err, c.want)
		}
	}
	for sent, values := range map[string][]string{`""`: {""}, `"1"`: {"1"}, `"True"`: {"True"}, `" true"`: {" true"}, `"null"`: {"null"}} {
		_, err := unleashjson.ParseQueryBool("q", values)
		wantDetail(t, err, "/query/q", "The `/query/q` property must be boolean. You sent "+sent+".")
	}
	_, err := unleashjson.ParseQueryBool("q", []string{"true", "true"})
	wantDetail(t, err, "/query/q", "The `/query/q` property must be string. You sent [\"true\",\"true\"].")
}
