package gateway_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

const (
	stageARN = "arn:aws:execute-api:us-east-1:123456789012:local/prod"
	itemARN  = stageARN + "/GET/items/1"
)

type statements = []events.IAMPolicyStatement

// statusUnder returns the status of GET /items/1 under a policy.
func statusUnder(t *testing.T, statements ...events.IAMPolicyStatement) int {
	t.Helper()
	e := newEnv(t, small, nil)
	e.authorize = authorizing(withStatements(nil, statements...), nil)
	return e.get("/items/1").Code
}

func statement(effect, action string, resources ...string) events.IAMPolicyStatement {
	return events.IAMPolicyStatement{Effect: effect, Action: strings.Fields(action), Resource: resources}
}

func allowing(resources ...string) events.IAMPolicyStatement {
	return statement("Allow", "execute-api:Invoke", resources...)
}

func denying(resources ...string) events.IAMPolicyStatement {
	return statement("Deny", "execute-api:Invoke", resources...)
}

var policies = []struct {
	name   string
	policy statements
	want   int
}{
	{"the method itself", statements{allowing(itemARN)}, 200},
	{"the stage", statements{allowing(stageARN + "/*")}, 200},
	{"every method", statements{allowing(stageARN + "/*/items/1")}, 200},
	{"everything", statements{allowing("*")}, 200},
	{"a star in the middle takes slashes", statements{allowing("arn:*/1")}, 200},
	{"a question mark is one character", statements{allowing(stageARN + "/GET/items/?")}, 200},
	{"a question mark is not none", statements{allowing(itemARN + "?")}, 403},
	{"a star may be nothing", statements{allowing(itemARN + "*")}, 200},
	{"another method", statements{allowing(stageARN + "/POST/items/1")}, 403},
	{"another stage", statements{allowing("arn:aws:execute-api:us-east-1:123456789012:local/test/*")}, 403},
	{"another path", statements{allowing(stageARN + "/GET/items/2")}, 403},
	{"a prefix is not enough", statements{allowing(stageARN + "/GET/items")}, 403},
	{"case of the resource counts", statements{allowing(strings.ToUpper(stageARN) + "/*")}, 403},
	{"a deny after an allow wins", statements{allowing("*"), denying(stageARN + "/*")}, 403},
	{"a deny before an allow wins", statements{denying(stageARN + "/*"), allowing("*")}, 403},
	{"a deny of something else", statements{allowing("*"), denying(stageARN + "/DELETE/*")}, 200},
	{"a deny alone", statements{denying(stageARN + "/DELETE/*")}, 403},
	{"one of several resources", statements{allowing("a", itemARN)}, 200},
	{"one of several actions", statements{statement("Allow", "s3:GetObject execute-api:Invoke", "*")}, 200},
	{"any action", statements{statement("Allow", "*", "*")}, 200},
	{"any action of API Gateway", statements{statement("Allow", "execute-api:*", "*")}, 200},
	{"case of the action does not count", statements{statement("Allow", "EXECUTE-API:invoke", "*")}, 200},
	{"another action", statements{statement("Allow", "execute-api:ManageConnections", "*")}, 403},
	{"a deny of another action", statements{allowing("*"), statement("Deny", "execute-api:ManageConnections", "*")}, 200},
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, c := range policies {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := statusUnder(t, c.policy...); got != c.want {
				t.Errorf("status: got %d, want %d", got, c.want)
			}
		})
	}
}

func TestInvalidPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy statements
	}{
		{"no statement", nil},
		{"an empty statement", statements{{}}},
		{"no effect", statements{statement("", "*", "*")}},
		{"an unknown effect", statements{statement("allow", "*", "*")}},
		{"no action", statements{statement("Allow", "", "*")}},
		{"no resource", statements{statement("Allow", "*")}},
		{"an empty resource", statements{statement("Allow", "*", "")}},
		{"a Deny without an action beside an Allow", statements{statement("Deny", "", "*"), statement("Allow", "*", "*")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := statusUnder(t, c.policy...); got != http.StatusInternalServerError {
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
		want := http.StatusForbidden
		oracle := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		if regexp.MustCompile(`\A` + oracle + `\z`).MatchString(itemARN) {
			want = http.StatusOK
		}
		if len(pattern) > 1<<10 {
			t.Skip("larger than an authorizer's response can be")
		}
		if got := statusUnder(t, statement("Allow", "*", pattern)); got != want {
			t.Errorf("%q: got %d, want %d", pattern, got, want)
		}
	})
}
