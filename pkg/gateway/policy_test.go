package gateway_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

const (
	stageARN = "arn:aws:execute-api:us-east-1:123456789012:local/prod"
	itemARN  = stageARN + "/GET/items/1"
)

// decided gives the status of GET /items/1 under a policy document.
func decided(t *testing.T, document string) int {
	t.Helper()
	b := newBench(t, small, nil)
	b.verdict = answering(json.RawMessage(`{"principalId":"somebody","policyDocument":`+document+`}`), nil)
	return b.get("/items/1").Code
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	allow := func(resource string) string {
		return `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + resource + `"}`
	}
	deny := func(resource string) string {
		return `{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"` + resource + `"}`
	}
	for _, c := range []struct {
		name       string
		statements string
		want       int
	}{
		{"the method itself", allow(itemARN), 200},
		{"the stage", allow(stageARN + "/*"), 200},
		{"every method", allow(stageARN + "/*/items/1"), 200},
		{"everything", allow("*"), 200},
		{"a star in the middle takes slashes", allow("arn:*/1"), 200},
		{"a question mark is one character", allow(stageARN + "/GET/items/?"), 200},
		{"a question mark is not none", allow(itemARN + "?"), 403},
		{"a star may be nothing", allow(itemARN + "*"), 200},
		{"another method", allow(stageARN + "/POST/items/1"), 403},
		{"another stage", allow("arn:aws:execute-api:us-east-1:123456789012:local/test/*"), 403},
		{"another path", allow(stageARN + "/GET/items/2"), 403},
		{"a prefix is not enough", allow(stageARN + "/GET/items"), 403},
		{"case of the resource counts", allow(strings.ToUpper(stageARN) + "/*"), 403},
		{"a deny after an allow wins", allow("*") + "," + deny(stageARN+"/*"), 403},
		{"a deny before an allow wins", deny(stageARN+"/*") + "," + allow("*"), 403},
		{"a deny of something else", allow("*") + "," + deny(stageARN+"/DELETE/*"), 200},
		{"a deny alone", deny(stageARN + "/DELETE/*"), 403},
		{"one of several resources", `{"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":["a","` + itemARN + `"]}`, 200},
		{"one of several actions", `{"Effect":"Allow","Action":["s3:GetObject","execute-api:Invoke"],"Resource":"*"}`, 200},
		{"any action", `{"Effect":"Allow","Action":"*","Resource":"*"}`, 200},
		{"any action of API Gateway", `{"Effect":"Allow","Action":"execute-api:*","Resource":"*"}`, 200},
		{"case of the action does not count", `{"Effect":"Allow","Action":"EXECUTE-API:invoke","Resource":"*"}`, 200},
		{"another action", `{"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":"*"}`, 403},
		{"a deny of another action", allow("*") + `,{"Effect":"Deny","Action":"execute-api:ManageConnections","Resource":"*"}`, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := decided(t, `{"Version":"2012-10-17","Statement":[`+c.statements+`]}`); got != c.want {
				t.Errorf("status: got %d, want %d", got, c.want)
			}
		})
	}
}

func TestPolicyWithOneStatementNeedsNoList(t *testing.T) {
	t.Parallel()
	if got := decided(t, `{"Id":"a","Statement":{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}}`); got != http.StatusOK {
		t.Errorf("status: got %d, want 200", got)
	}
}

func TestWrongPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document string }{
		{"null", `null`},
		{"text", `"Allow"`},
		{"no statement", `{"Version":"2012-10-17"}`},
		{"an empty list", `{"Statement":[]}`},
		{"a null statement", `{"Statement":[null]}`},
		{"no effect", `{"Statement":[{"Action":"*","Resource":"*"}]}`},
		{"another effect", `{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`},
		{"no action", `{"Statement":[{"Effect":"Allow","Resource":"*"}]}`},
		{"no resource", `{"Statement":[{"Effect":"Allow","Action":"*"}]}`},
		{"a null action beside an allow", `{"Statement":[{"Effect":"Deny","Action":null,"Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`},
		{"a condition", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}]}`},
		{"a condition on a lone statement", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}}`},
		{"NotResource", `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","NotResource":"*"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := decided(t, c.document); got != http.StatusInternalServerError {
				t.Errorf("status: got %d, want 500", got)
			}
		})
	}
}

// FuzzPolicyResource compares with a regular expression.
func FuzzPolicyResource(f *testing.F) {
	f.Add("*")
	f.Add("**/?")
	f.Add("arn:*:execute-api:*/1")
	f.Add("arn:aws:execute-api:us-east-1:123456789012:local/????/*/items/1")
	f.Add("*items*items*")
	f.Fuzz(func(t *testing.T, pattern string) {
		pattern = strings.ToValidUTF8(pattern, "?")
		if pattern == "" {
			t.Skip("no resource at all")
		}
		resource, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		want := http.StatusForbidden
		oracle := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		if regexp.MustCompile(`\A` + oracle + `\z`).MatchString(itemARN) {
			want = http.StatusOK
		}
		if len(resource) > 4<<10 {
			t.Skip("more than an authorizer may answer")
		}
		if got := decided(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":`+string(resource)+`}}`); got != want {
			t.Errorf("%q: got %d, want %d", pattern, got, want)
		}
	})
}
