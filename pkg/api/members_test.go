package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// The JSON values that every member is tried with, in this order: null, an empty string, 0, 1, true, false, "true", "x", [] and {}.
// The member's absence comes first.
var memberValues = []string{"", `null`, `""`, `0`, `1`, `true`, `false`, `"true"`, `"x"`, `[]`, `{}`}

// refusedOutcome stands for a 400 in the tables below; any other text is what is stored.
const refusedOutcome = "400"

// bodyWith adds a member to a JSON object, unless value is "".
func bodyWith(object, member, value string) string {
	if value == "" {
		return object
	}
	body := strings.TrimSuffix(object, "}")
	if body != "{" {
		body += ","
	}
	return body + fmt.Sprintf(`"%s":%s}`, member, value)
}

// TestMembersOfACreate tries every member of a new token. docs/api.md has the same table.
func TestMembersOfACreate(t *testing.T) {
	t.Parallel()
	for member, c := range map[string]struct {
		rest string
		want [11]string
	}{
		"description": {`{"expiresAt":"` + far + `"}`, [11]string{"400", "400", "400", "0", "1", "true", "false", "true", "x", "400", "400"}},
		"expiresAt":   {`{"description":"d"}`, [11]string{"400", "400", "400", "400", "400", "400", "400", "400", "400", "400", "400"}},
		"scopes":      {`{"description":"d","expiresAt":"` + far + `"}`, [11]string{"d", "400", "400", "400", "400", "400", "400", "400", "400", "400", "400"}},
		"other":       {`{"description":"d","expiresAt":"` + far + `"}`, [11]string{"d", "d", "d", "d", "d", "d", "d", "d", "d", "d", "d"}},
	} {
		for i, value := range memberValues {
			t.Run(member+" "+value, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				h := f.holder(t)
				got := f.do(t, h, post(bodyWith(c.rest, member, value)))
				wantOutcome(t, got, http.StatusCreated, c.want[i], func() string { return f.descriptions(t, h)[1] })
			})
		}
	}
}

// TestMembersOfANewUser tries every member of a new user.
func TestMembersOfANewUser(t *testing.T) {
	t.Parallel()
	const rest = `{"rootRole":3,"username":"u"}`
	username := func(p pat.Profile) string { return p.Username }
	email := func(p pat.Profile) string { return p.Email }
	name := func(p pat.Profile) string { return p.Name }
	role := func(p pat.Profile) string { return p.Role.String() }
	for member, c := range map[string]struct {
		rest   string
		stored func(pat.Profile) string
		want   [11]string
	}{
		"username":  {`{"rootRole":3,"email":"e@example.org"}`, username, [11]string{"", "", "", "0", "1", "true", "false", "true", "x", "400", "400"}},
		"email":     {rest, email, [11]string{"", "", "", "400", "400", "400", "400", "400", "400", "400", "400"}},
		"name":      {rest, name, [11]string{"", "400", "400", "0", "1", "true", "false", "true", "x", "400", "400"}},
		"rootRole":  {`{"username":"u"}`, role, [11]string{"400", "400", "400", "400", "Admin", "Admin", "400", "400", "400", "400", "400"}},
		"password":  {rest, username, [11]string{"u", "u", "u", "u", "u", "u", "u", "u", "u", "400", "400"}},
		"sendEmail": {rest, username, [11]string{"u", "u", "400", "u", "u", "u", "u", "u", "400", "400", "400"}},
		"disabled":  {rest, username, [11]string{"u", "400", "400", "400", "400", "400", "400", "400", "400", "400", "400"}},
		"other":     {rest, username, [11]string{"u", "400", "400", "400", "400", "400", "400", "400", "400", "400", "400"}},
	} {
		for i, value := range memberValues {
			t.Run(member+" "+value, func(t *testing.T) {
				t.Parallel()
				f := newUserFixture(t)
				got := f.asAdmin(t, http.MethodPost, api.ResourceUsers, bodyWith(c.rest, member, value))
				wantOutcome(t, got, http.StatusCreated, c.want[i], func() string { return c.stored(pattest.Read(t, f.store, 3).Profile) })
			})
		}
	}
}

// TestMembersOfAnUpdate tries every member of an update, on a disabled Viewer called n with the address old@example.org: a leaver
// stays disabled unless the body says false.
func TestMembersOfAnUpdate(t *testing.T) {
	t.Parallel()
	for member, want := range map[string][11]string{
		"email":    {"", "", "", "400", "400", "400", "400", "400", "400", "400", "400"},
		"name":     {"", "", "", "name 0", "name 1", "name true", "name false", "name true", "name x", "400", "400"},
		"rootRole": {"", "", "400", "", "role Admin", "role Admin", "", "400", "400", "400", "400"},
		"disabled": {"", "", "400", "400", "400", "", "enabled", "400", "400", "400", "400"},
		"username": {"", "", "", "", "", "", "", "", "", "", ""},
		"password": {"", "", "", "", "", "", "", "", "", "", ""},
		"other":    {"", "", "", "", "", "", "", "", "", "", ""},
	} {
		for i, value := range memberValues {
			t.Run(member+" "+value, func(t *testing.T) {
				t.Parallel()
				f := newUserFixture(t)
				user := pattest.Account(t, f.store, pat.Profile{Username: "u", Name: "n", Email: "old@example.org", Role: pat.Viewer, Disabled: true})
				got := f.asAdmin(t, http.MethodPut, onUser(user.ID), bodyWith("{}", member, value))
				wantOutcome(t, got, http.StatusOK, want[i], func() string { return changes(pattest.Read(t, f.store, user.ID).Profile) })
			})
		}
	}
}

// changes describes what differs from the user of TestMembersOfAnUpdate.
func changes(p pat.Profile) string {
	var found []string
	for _, c := range []struct {
		changed bool
		text    string
	}{
		{p.Username != "u", "username " + p.Username}, {p.Name != "n", "name " + p.Name}, {p.Email != "old@example.org", "email " + p.Email},
		{p.Role != pat.Viewer, "role " + p.Role.String()}, {!p.Disabled, "enabled"},
	} {
		if c.changed {
			found = append(found, c.text)
		}
	}
	return strings.Join(found, ", ")
}

func wantOutcome(t *testing.T, got events.APIGatewayProxyResponse, success int, want string, stored func() string) {
	t.Helper()
	if want == refusedOutcome {
		wantStatus(t, got, http.StatusBadRequest)
		return
	}
	wantStatus(t, got, success)
	if value := stored(); value != want {
		t.Errorf("stored: got %q, want %q", value, want)
	}
}
