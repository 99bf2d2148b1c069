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

func TestPolicy(t *testing.T) {
	t.Parallel()
	allow := func(resources ...string) events.IAMPolicyStatement {
		return statement("Allow", "execute-api:Invoke", resources...)
	}
	deny := func(resources ...string) events.IAMPolicyStatement {
		return statement("Deny", "execute-api:Invoke", resources...)
	}
	for _, c := range []struct {
		name   string
		policy statements
		want   int
	}{
		{"the method itself", statements{allow(itemARN)}, 200},
		{"the stage", statements{allow(stageARN + "/*")}, 200},
		{"every method", statements{allow(stageARN + "/*/items/1")}, 200},
		{"everything", statements{allow("*")}, 200},
		{"a star in the middle takes slashes", statements{allow("arn:*/1")}, 200},
		{"a question mark is one character", statements{allow(stageARN + "/GET/items/?")}, 200},
		{"a question mark is not none", statements{allow(itemARN + "?")}, 403},
		{"a star may be nothing", statements{allow(itemARN + "*")}, 200},
		{"another method", statements{allow(stageARN + "/POST/items/1")}, 403},
		{"another stage", statements{allow("arn:aws:execute-api:us-east-1:123456789012:local/test/*")}, 403},
		{"another path", statements{allow(stageARN + "/GET/items/2")}, 403},
		{"a prefix is not enough", statements{allow(stageARN + "/GET/items")}, 403},
		{"case of the resource counts", statements{allow(strings.ToUpper(stageARN) + "/*")}, 403},
		{"a deny after an allow wins", statements{allow("*"), deny(stageARN + "/*")}, 403},
		{"a deny before an allow wins", statements{deny(stageARN + "/*"), allow("*")}, 403},
		{"a deny of something else", statements{allow("*"), deny(stageARN + "/DELETE/*")}, 200},
		{"a deny alone", statements{deny(stageARN + "/DELETE/*")}, 403},
		{"one of several resources", statements{allow("a", itemARN)}, 200},
		{"one of several actions", statements{statement("Allow", "s3:GetObject execute-api:Invoke", "*")}, 200},
		{"any action", statements{statement("Allow", "*", "*")}, 200},
		{"any action of API Gateway", statements{statement("Allow", "execute-api:*", "*")}, 200},
		{"case of the action does not count", statements{statement("Allow", "EXECUTE-API:invoke", "*")}, 200},
		{"another action", statements{statement("Allow", "execute-api:ManageConnections", "*")}, 403},
		{"a deny of another action", statements{allow("*"), statement("Deny", "execute-api:ManageConnections", "*")}, 200},
	} {
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
