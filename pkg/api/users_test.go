package api_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// userFixture is the handler of the user routes, with an Admin and a Viewer who have one token each.
type userFixture struct {
	*fixture
	admin, viewer pattest.Holder
	key           pat.AdminKey
}

func newUserFixture(t testing.TB) *userFixture {
	t.Helper()
	f := &userFixture{fixture: newFixture(t), key: adminKey(t)}
	f.handler = api.NewUsers(f.service, f.key, slog.New(slog.DiscardHandler))
	f.admin = pattest.NewHolder(t, f.store, f.service, pattest.Profile("abby", pat.Admin))
	f.viewer = pattest.NewHolder(t, f.store, f.service, pattest.Profile("vera", pat.Viewer))
	return f
}

// user is the JSON of a user.
type user struct {
	AccountType string     `json:"accountType"`
	ID          pat.UserID `json:"id"`
	Name        string     `json:"name,omitempty"`
	Username    string     `json:"username,omitempty"`
	Email       string     `json:"email,omitempty"`
	CreatedAt   string     `json:"createdAt"`
	RootRole    pat.Role   `json:"rootRole,omitempty"`
	Disabled    bool       `json:"disabled,omitempty"`
}

func bodyOf(a pat.Account) user {
	return user{"User", a.ID, a.Name, a.Username, a.Email, a.CreatedAt.Format("2006-01-02T15:04:05.000Z"), a.Role, a.Disabled}
}

func (f *userFixture) asAdmin(t testing.TB, method, path, body string) events.APIGatewayProxyResponse {
	t.Helper()
	return f.as(t, claimsOf(f.admin), method, path, body)
}

func (f *userFixture) as(t testing.TB, claims map[string]any, method, path, body string) events.APIGatewayProxyResponse {
	t.Helper()
	c := request{method: method, path: path, body: body}
	if body != "" {
		c.headers = []string{"Content-Type: application/json"}
	}
	event := c.event(claims)
	path = event.Path
	event.Resource, event.PathParameters = path, nil
	fixed := path == api.ResourceUserSearch || path == api.ResourceAdminCount
	if id, below := strings.CutPrefix(path, api.ResourceUsers+"/"); below && !fixed {
		event.Resource, event.PathParameters = api.ResourceUser, map[string]string{"id": id}
	}
	return f.handle(t, event)
}

func onUser(id pat.UserID) string {
	return api.ResourceUsers + "/" + strconv.FormatInt(int64(id), 10)
}

var needAdmin = plain("NoAccessError",
	`You don't have the required permissions to perform this operation. To perform this action, you need the "ADMIN" permission.`)

func TestPermissionIsReadAfresh(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	second := pattest.NewHolder(t, f.store, f.service, pattest.Profile("anna", pat.Admin))
	ask := func() events.APIGatewayProxyResponse {
		return f.as(t, claimsOf(second), http.MethodGet, api.ResourceUsers, "")
	}
	wantStatus(t, ask(), http.StatusOK)

	wantStatus(t, f.asAdmin(t, http.MethodPut, onUser(second.Account.ID), `{"rootRole":3}`), http.StatusOK)
	wantProblem(t, ask(), http.StatusForbidden, needAdmin)

	wantStatus(t, f.asAdmin(t, http.MethodPut, onUser(second.Account.ID), `{"rootRole":1,"disabled":true}`), http.StatusOK)
	wantStatus(t, ask(), http.StatusUnauthorized)

	wantStatus(t, f.asAdmin(t, http.MethodPut, onUser(second.Account.ID), `{"disabled":false}`), http.StatusOK)
	wantStatus(t, ask(), http.StatusOK)

	wantStatus(t, f.asAdmin(t, http.MethodDelete, onUser(second.Account.ID), ""), http.StatusOK)
	wantStatus(t, ask(), http.StatusUnauthorized)
}

func TestAdminTokenIsAnAdmin(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	holder := contextOf(f.key.Principal())
	wantStatus(t, f.as(t, holder, http.MethodGet, api.ResourceUsers, ""), http.StatusOK)
	got := f.as(t, holder, http.MethodGet, api.ResourceSelf, "")
	want := `{"user":{"username":"admin","type":"admin"},"permissions":[{"permission":"ADMIN"}],"feedback":[],"splash":{}}`
	if got.Body != want {
		t.Errorf("got %s, want %s", got.Body, want)
	}
	f.handler = api.NewUsers(f.service, pat.AdminKey{}, slog.New(slog.DiscardHandler))
	for _, path := range []string{api.ResourceUsers, api.ResourceSelf} {
		wantProblem(t, f.as(t, holder, http.MethodGet, path, ""), http.StatusUnauthorized, refused)
	}
}

func TestSelf(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	type self struct {
		User        user                `json:"user"`
		Permissions []map[string]string `json:"permissions"`
		Feedback    []any               `json:"feedback"`
		Splash      map[string]any      `json:"splash"`
	}
	for name, c := range map[string]struct {
		holder pattest.Holder
		want   []map[string]string
	}{
		"an Admin": {f.admin, []map[string]string{{"permission": "ADMIN"}}},
		"a Viewer": {f.viewer, []map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := f.as(t, claimsOf(c.holder), http.MethodGet, api.ResourceSelf, "")
			wantStatus(t, got, http.StatusOK)
			wantHeader(t, got, "Cache-Control", "no-store")
			want := self{bodyOf(c.holder.Account), c.want, []any{}, map[string]any{}}
			want.User.RootRole = 0
			if diff := cmp.Diff(want, parse[self](t, got.Body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	type created struct {
		user
		EmailSent bool `json:"emailSent"`
	}
	for i, c := range []struct {
		body string
		want pat.Profile
	}{
		{`{"username":"nina","email":"Nina@Example.com","name":"Nina","rootRole":3}`, pat.Profile{Username: "nina", Email: "nina@example.com", Name: "Nina", Role: pat.Viewer}},
		{`{"username":"Vera","rootRole":"Editor"}`, pat.Profile{Username: "Vera", Role: pat.Editor}},
		{`{"email":"only@example.com","rootRole":"1","password":"ignored","sendEmail":false}`, pat.Profile{Email: "only@example.com", Role: pat.Admin}},
		{`{"username":3,"email":"","rootRole":true}`, pat.Profile{Username: "3", Role: pat.Admin}},
		{`{"username":" <b>","name":" ","rootRole":3.0}`, pat.Profile{Username: "<b>", Role: pat.Viewer}},
	} {
		got := f.asAdmin(t, http.MethodPost, api.ResourceUsers, c.body)
		wantStatus(t, got, http.StatusCreated)
		body := parse[created](t, got.Body)
		stored := pattest.Read(t, f.store, body.ID)
		want := created{user: bodyOf(pat.Account{ID: pat.UserID(3 + i), Profile: c.want, CreatedAt: stored.CreatedAt})}
		if diff := cmp.Diff(want, body, cmp.AllowUnexported(created{})); diff != "" {
			t.Errorf("%s: body (-want +got):\n%s", c.body, diff)
		}
		if diff := cmp.Diff(c.want, stored.Profile); diff != "" {
			t.Errorf("%s: stored (-want +got):\n%s", c.body, diff)
		}
		wantHeader(t, got, "Location", fmt.Sprintf("user-admin/%d", body.ID))
	}
}

func notRole(sent string, more ...detail) problem {
	details := append([]detail{{"The `/body/rootRole` property must be integer. You sent " + sent + ".", "/body/rootRole"}}, more...)
	return withRoleDetails(details, sent)
}

func withRoleDetails(details []detail, sent string) problem {
	want := schema("", "")
	want.Details = append(details,
		detail{`The ` + "`rootRole`" + ` property must be equal to one of the allowed values: "Admin", "Editor", "Viewer", "Owner", "Member", "Reader". ` +
			`You provided ` + sent + `, which is not valid. Please use one of the allowed values instead..`, "rootRole"},
		detail{`The "/body/rootRole" property must match exactly one schema in oneOf. The data you provided matches more than one option in the ` +
			`schema. These options are mutually exclusive. Please refer back to the schema and remove any excess properties.`, "/body/rootRole"})
	return want
}

func notEmail(sent string) problem {
	return schema("", `"value" must be a valid email. You provided "`+sent+`".`)
}

func additional(name string) problem {
	return schema("/body/"+name, "The `/body` object of the request body does not allow additional properties. Your request included the `/body/"+name+"` property.")
}

var refusedUsers = map[string]problem{
	`{}`:                                missing("rootRole"),
	``:                                  wrongType("you didn't provide one"),
	`[]`:                                notObject("[]"),
	`null`:                              notObject("null"),
	`{bad`:                              notJSON,
	`{"rootRole":3}`:                    rule("You must specify username or email"),
	`{"name":"Nina","rootRole":3}`:      rule("You must specify username or email"),
	`{"email":null,"rootRole":3}`:       rule("You must specify username or email"),
	`{"username":[],"rootRole":"Nope"}`: notString("username", "[]"),
	`{"username":"n","email":{},"rootRole":3}`:                 notString("email", "{}"),
	`{"username":"n","name":"","rootRole":3}`:                  schema("", `"value" is not allowed to be empty.`),
	`{"username":"n","password":[],"rootRole":3}`:              notString("password", "[]"),
	`{"username":"n","sendEmail":"yes","rootRole":3}`:          schema("/body/sendEmail", "The `/body/sendEmail` property must be boolean. You sent \"yes\"."),
	`{"username":"n","foo":1,"bar":2,"rootRole":"Nope"}`:       additional("foo"),
	`{"Username":"n","rootRole":3}`:                            additional("Username"),
	`{"username":"n","foo":1}`:                                 missing("rootRole"),
	`{"email":"x","rootRole":3}`:                               notEmail("x"),
	`{"email":"a b@c.de","rootRole":3}`:                        notEmail("a b@c.de"),
	`{"email":" nina@example.com","rootRole":3}`:               notEmail(" nina@example.com"),
	`{"email":"Nina <n@example.com>","rootRole":3}`:            notEmail("Nina <n@example.com>"),
	`{"email":"nina@localhost","rootRole":3}`:                  notEmail("nina@localhost"),
	`{"email":"a@[127.0.0.1]","rootRole":3}`:                   notEmail("a@[127.0.0.1]"),
	`{"email":"a@-example.com","rootRole":3}`:                  notEmail("a@-example.com"),
	`{"email":"a@ex_ample.com","rootRole":3}`:                  notEmail("a@ex_ample.com"),
	`{"username":"vera","rootRole":3}`:                         rule("User already exists"),
	`{"username":"n","email":"VERA@example.org","rootRole":3}`: rule("User already exists"),
	`{"username":"n","rootRole":"Owner"}`:                      rule("Could not find rootRole=Owner"),
	`{"username":"n","rootRole":99}`:                           rule("Could not find rootRole=99"),
	`{"username":"n","rootRole":" "}`:                          rule("Could not find rootRole=0"),
	`{"username":"n","rootRole":null}`:                         rule("Could not find rootRole=0"),
	`{"username":"n","rootRole":1e400}`:                        rule("Could not find rootRole=Infinity"),
	`{"username":"n","rootRole":"viewer"}`:                     notRole(`"viewer"`),
	`{"username":"n","rootRole":""}`:                           notRole(`""`),
	`{"username":"n","rootRole":1.5}`:                          notRole(`"1.5"`),
	`{"username":"n","rootRole":[3]}`:                          notRole(`[3]`, detail{"The `/body/rootRole` property must be string. You sent [3].", "/body/rootRole"}),
	`{"username":"n","rootRole":-1}`: withRoleDetails(
		[]detail{{"The `/body/rootRole` property must be >= 0. You sent \"-1\".", "/body/rootRole"}}, `"-1"`),
	// Unleash has no such errors.
	`{"username":"` + strings.Repeat("a", 256) + `","rootRole":3}`: rule("The username cannot be longer than 255 characters."),
	`{"username":"a\u0000b","rootRole":3}`:                         rule("The username cannot contain control characters."),
	`{"username":"аdmin","rootRole":3}`:                            rule("The username cannot mix Latin letters with Cyrillic or Greek ones."),
	`{"username":"admin\u200b","rootRole":3}`:                      rule("The username cannot contain invisible characters."),
}

// TestCreateUserRefuses checks that errors are those of Unleash 8.2.0, except for the last ones.
func TestCreateUserRefuses(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	for body, want := range refusedUsers {
		status := http.StatusBadRequest
		if want.Name == "ContentTypeError" {
			status = http.StatusUnsupportedMediaType
		}
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.asAdmin(t, http.MethodPost, api.ResourceUsers, body), status, want)
		})
	}
}

func TestReadUser(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	vera := f.viewer.Account
	for _, id := range []string{"2", "2.0", "0x2", "%202"} {
		got := f.asAdmin(t, http.MethodGet, api.ResourceUsers+"/"+id, "")
		wantStatus(t, got, http.StatusOK)
		if diff := cmp.Diff(bodyOf(vera), parse[user](t, got.Body)); diff != "" {
			t.Errorf("%s: body (-want +got):\n%s", id, diff)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		for _, id := range []string{"99", "0", "-1", "99999999999999999999"} {
			wantProblem(t, f.asAdmin(t, method, api.ResourceUsers+"/"+id, ""), http.StatusNotFound, plain("NotFoundError", "No user found"))
		}
		wantProblem(t, f.asAdmin(t, method, api.ResourceUsers+"/abc", ""), http.StatusBadRequest, notWhole("abc"))
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	vera := pattest.Profile("vera", pat.Viewer)
	for body, edit := range map[string]func(*pat.Profile){
		`{}`:                                    func(*pat.Profile) {},
		`{"name":"","email":null,"rootRole":0}`: func(*pat.Profile) {},
		`{"username":"other","foo":1}`:          func(*pat.Profile) {},
		`{"name":"Vera V."}`:                    func(p *pat.Profile) { p.Name = "Vera V." },
		`{"email":"V2@Example.org"}`:            func(p *pat.Profile) { p.Email = "v2@example.org" },
		`{"rootRole":"Admin"}`:                  func(p *pat.Profile) { p.Role = pat.Admin },
		`{"disabled":true}`:                     func(p *pat.Profile) { p.Disabled = true },
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			f := newUserFixture(t)
			got := f.asAdmin(t, http.MethodPut, onUser(f.viewer.Account.ID), body)
			wantStatus(t, got, http.StatusOK)
			want := f.viewer.Account
			want.Profile = vera
			edit(&want.Profile)
			if diff := cmp.Diff(bodyOf(want), parse[user](t, got.Body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.Profile, pattest.Read(t, f.store, want.ID).Profile); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpdateUserRefuses(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	vera := onUser(f.viewer.Account.ID)
	for name, c := range map[string]struct {
		path, body string
		status     int
		want       problem
	}{
		"unknown user":      {api.ResourceUsers + "/99", `{"name":"x"}`, 404, plain("NotFoundError", "No user found")},
		"bad id and body":   {api.ResourceUsers + "/abc", `{"name":[]}`, 400, notWhole("abc")},
		"bad email":         {vera, `{"email":"x"}`, 400, notEmail("x")},
		"unknown role":      {vera, `{"rootRole":4}`, 400, rule("Could not find rootRole=4")},
		"bad role":          {vera, `{"rootRole":"Nope"}`, 400, notRole(`"Nope"`)},
		"array":             {vera, `[]`, 400, notObject("[]")},
		"taken email":       {vera, `{"email":"abby@example.org"}`, 400, rule("User already exists")},
		"disabled as text":  {vera, `{"disabled":"yes"}`, 400, schema("/body/disabled", "The `/body/disabled` property must be boolean. You sent \"yes\".")},
		"no content type":   {vera, ``, 415, wrongType("you didn't provide one")},
		"the last Admin":    {onUser(f.admin.Account.ID), `{"rootRole":3}`, 403, plain("OperationDeniedError", "The last enabled Admin cannot be deleted, disabled or given another role.")},
		"the last disabled": {onUser(f.admin.Account.ID), `{"disabled":true}`, 403, plain("OperationDeniedError", "The last enabled Admin cannot be deleted, disabled or given another role.")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.asAdmin(t, http.MethodPut, c.path, c.body), c.status, c.want)
		})
	}
}

func TestDeleteUserEndsEveryToken(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	wantStatus(t, f.asAdmin(t, http.MethodDelete, onUser(f.viewer.Account.ID), ""), http.StatusOK)
	_, err := f.service.Authenticate(t.Context(), f.viewer.Secret)
	pattest.WantKind(t, err, pat.KindUnauthenticated)
	wantProblem(t, f.asAdmin(t, http.MethodDelete, onUser(f.viewer.Account.ID), ""), http.StatusNotFound, plain("NotFoundError", "No user found"))
	wantProblem(t, f.asAdmin(t, http.MethodDelete, onUser(f.admin.Account.ID), ""), http.StatusForbidden,
		plain("OperationDeniedError", "The last enabled Admin cannot be deleted, disabled or given another role."))
}

func TestListUsersByPages(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	for i := range 5 {
		pattest.Account(t, f.store, pattest.Profile(fmt.Sprintf("more%d", i), pat.Editor))
	}
	var ids []pat.UserID
	path := api.ResourceUsers + "?limit=3"
	for pages := 1; ; pages++ {
		got := f.asAdmin(t, http.MethodGet, path, "")
		wantStatus(t, got, http.StatusOK)
		ids = append(ids, listed(t, got)...)
		next := got.MultiValueHeaders["Link"]
		if len(next) == 0 {
			if pages != 3 {
				t.Errorf("7 users in pages of 3: got %d pages, want 3", pages)
			}
			break
		}
		reference, _, _ := strings.Cut(strings.TrimPrefix(next[0], "<"), ">")
		path = resolve(t, api.ResourceUsers, reference)
	}
	if want := []pat.UserID{1, 2, 3, 4, 5, 6, 7}; !slices.Equal(ids, want) {
		t.Errorf("got users %v, want %v", ids, want)
	}
	if all := listed(t, f.asAdmin(t, http.MethodGet, api.ResourceUsers, "")); len(all) != 7 {
		t.Errorf("without a limit: got %d users, want 7", len(all))
	}
}

// resolve returns what a client makes of a reference in a response to a request for base (RFC 3986 §5.2).
func resolve(t testing.TB, base, reference string) string {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	to, err := at.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// TestReferencesStayUnderTheBasePath checks Link and Location behind a stage, a base path and neither: API Gateway routes on the
// path without them.
func TestReferencesStayUnderTheBasePath(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	link := f.asAdmin(t, http.MethodGet, api.ResourceUsers+"?limit=1", "").MultiValueHeaders["Link"]
	next, ok := strings.CutSuffix(strings.Join(link, ""), `>; rel="next"`)
	if !ok {
		t.Fatalf("Link: got %q, want a reference to the next page", link)
	}
	made := f.asAdmin(t, http.MethodPost, api.ResourceUsers, `{"username":"new","rootRole":3}`).MultiValueHeaders["Location"]
	for _, base := range []string{"", "/prod", "/my/pats"} {
		at := "https://example.com" + base + api.ResourceUsers
		if got, want := resolve(t, at, strings.TrimPrefix(next, "<")), at+"?after=1&limit=1"; got != want {
			t.Errorf("Link from %s: got %s, want %s", at, got, want)
		}
		if got, want := resolve(t, at, made[0]), at+"/3"; got != want {
			t.Errorf("Location from %s: got %s, want %s", at, got, want)
		}
	}
}

func listed(t testing.TB, got events.APIGatewayProxyResponse) []pat.UserID {
	t.Helper()
	type list struct {
		Users     []user           `json:"users"`
		RootRoles []map[string]any `json:"rootRoles"`
	}
	body := parse[list](t, got.Body)
	if len(body.RootRoles) != 3 {
		t.Errorf("got %d root roles, want 3", len(body.RootRoles))
	}
	var ids []pat.UserID
	for _, u := range body.Users {
		ids = append(ids, u.ID)
	}
	return ids
}

func TestListUsersRefuses(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	for query, want := range map[string]string{
		"limit=0":    "The `/query/limit` property must be a whole number from 1 to 1000. You sent \"0\".",
		"limit=1001": "The `/query/limit` property must be a whole number from 1 to 1000. You sent \"1001\".",
		"after=x":    "The `/query/after` property must be a whole number from 0 to 9007199254740991. You sent \"x\".",
	} {
		name, _, _ := strings.Cut(query, "=")
		wantProblem(t, f.asAdmin(t, http.MethodGet, api.ResourceUsers+"?"+query, ""), http.StatusBadRequest, schema("/query/"+name, want))
	}
}

// TestUserRoutesCheckInUnleashsOrder: of two errors in a request, Unleash's first one is reported.
func TestUserRoutesCheckInUnleashsOrder(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	for name, c := range map[string]struct {
		method, path, body string
		want               problem
	}{
		"malformed JSON before the id": {http.MethodPut, api.ResourceUsers + "/abc", "{bad", notJSON},
		"the id before the type":       {http.MethodPut, api.ResourceUsers + "/abc", "[]", notWhole("abc")},
		"the name before the email":    {http.MethodPost, api.ResourceUsers, `{"email":"x","name":"","rootRole":3}`, schema("", `"value" is not allowed to be empty.`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, f.asAdmin(t, c.method, c.path, c.body), http.StatusBadRequest, c.want)
		})
	}
}

func TestNotModifiedKeepsCacheControl(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	c := request{method: http.MethodGet, path: api.ResourceSelf, headers: []string{"If-None-Match: *"}}
	event := c.event(claimsOf(f.viewer))
	event.Path, event.Resource = api.ResourceSelf, api.ResourceSelf
	got := f.handle(t, event)
	wantStatus(t, got, http.StatusNotModified)
	wantHeader(t, got, "Cache-Control", "no-store")
	wantHeader(t, got, "Content-Type", "")
}

func TestOptionsOfAUser(t *testing.T) {
	t.Parallel()
	f := newUserFixture(t)
	wantHeader(t, f.asAdmin(t, http.MethodOptions, onUser(f.viewer.Account.ID), ""), "Allow", "GET,HEAD,PUT,DELETE")
}
