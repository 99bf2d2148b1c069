package api

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// page is a part of the list of users.
type page struct {
	after pat.UserID
	limit int
}

func readPage(req *request) (page, error) {
	after, err := req.queryNumber("after", 0, 0, pat.MaxID)
	if err != nil {
		return page{}, err
	}
	limit, err := req.queryNumber("limit", maxPage, 1, maxPage)
	return page{after: pat.UserID(after), limit: int(limit)}, err
}

// queryNumber is a whole number in the query, or otherwise if it is not there.
func (r *request) queryNumber(name string, otherwise, least, most int64) (int64, error) {
	text, there := r.query[name]
	if !there {
		return otherwise, nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < least || value > most {
		return 0, schemaError("/query/"+name,
			fmt.Sprintf("The `/query/%s` property must be a whole number from %d to %d. You sent %s.", name, least, most, quote(text)))
	}
	return value, nil
}

// userMembers are what a new user may have, in the order in which Unleash checks them. A password is taken and forgotten, since
// nobody logs in here, and so is the wish for a mail.
var userMembers = []string{"username", "email", "name", "password", "rootRole", "sendEmail"}

// readNewProfile reads the body of a create, checking in Unleash's order.
func readNewProfile(req *request) (pat.Profile, error) {
	body, err := req.createUserBody()
	if err != nil {
		return pat.Profile{}, err
	}
	var profile pat.Profile
	for _, member := range []struct {
		name string
		into *string
	}{{"username", &profile.Username}, {"email", &profile.Email}, {"name", &profile.Name}, {"password", new(string)}} {
		if *member.into, err = body.optionalText(member.name); err != nil {
			return pat.Profile{}, err
		}
	}
	if profile.Role, err = body.role(); err != nil {
		return pat.Profile{}, err
	}
	if err := body.checkBoolean("sendEmail"); err != nil {
		return pat.Profile{}, err
	}
	if _, there := body["name"]; there && profile.Name == "" {
		return pat.Profile{}, schemaError("", `"value" is not allowed to be empty.`)
	}
	return profile, checkEmail(profile.Email)
}

func (r *request) createUserBody() (object, error) {
	if err := r.requireJSON(); err != nil {
		return nil, err
	}
	body, err := r.object()
	if err != nil {
		return nil, err
	}
	if err := body.require("rootRole"); err != nil {
		return nil, err
	}
	return body, body.allowOnly(r.json, userMembers)
}

// readProfileEdit reads the body of an update. As in Unleash, members that are absent, empty, null or 0 change nothing, and
// unknown ones are not looked at.
func readProfileEdit(req *request) (func(*pat.Profile), error) {
	body, err := req.object()
	if err != nil {
		return nil, err
	}
	email, err := body.optionalText("email")
	if err != nil {
		return nil, err
	}
	name, err := body.optionalText("name")
	if err != nil {
		return nil, err
	}
	role, err := body.optionalRole()
	if err != nil {
		return nil, err
	}
	if err := checkEmail(email); err != nil {
		return nil, err
	}
	disabled, err := body.optionalBoolean("disabled")
	return func(profile *pat.Profile) {
		replace(&profile.Email, email)
		replace(&profile.Name, name)
		replace(&profile.Role, role)
		if disabled != nil {
			profile.Disabled = *disabled
		}
	}, err
}

// replace puts value into place, unless it is the zero value.
func replace[T comparable](place *T, value T) {
	var zero T
	if value != zero {
		*place = value
	}
}

func checkEmail(email string) error {
	if email == "" || pat.ValidEmail(email) {
		return nil
	}
	return schemaError("", fmt.Sprintf(`"value" must be a valid email. You provided %s.`, quote(email)))
}

// allowOnly refuses the first member, as it stands in raw, that is not among names.
func (o object) allowOnly(raw json.RawMessage, names []string) error {
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for _, name := range memberNames(raw) {
		if !known[name] {
			return schemaError("/body/"+name, fmt.Sprintf("The `/body` object of the request body does not allow additional properties. "+
				"Your request included the `/body/%s` property.", name))
		}
	}
	return nil
}

// memberNames are the names of a valid JSON object's members, in order.
func memberNames(raw json.RawMessage) []string {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return names
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return names
		}
		names = append(names, fmt.Sprint(name))
	}
	return names
}

// optionalText is a member as text, or empty if it is not there.
func (o object) optionalText(name string) (string, error) {
	if _, there := o[name]; !there {
		return "", nil
	}
	return o.text(name)
}

// optionalRole is the member rootRole; 0 if it is not there or null or 0.
func (o object) optionalRole() (pat.Role, error) {
	raw, there := o["rootRole"]
	if !there {
		return 0, nil
	}
	if value, ok := roleNumber(raw); ok && value == 0 {
		return 0, nil
	}
	return o.role()
}

// role is the member rootRole: a role's name, or its number in any spelling that JavaScript reads as one.
func (o object) role() (pat.Role, error) {
	raw := o["rootRole"]
	name := unquote(raw)
	for _, role := range []pat.Role{pat.Admin, pat.Editor, pat.Viewer} {
		if name == role.String() {
			return role, nil
		}
	}
	if slices.Contains(projectRoles, name) {
		return 0, noRole(name)
	}
	value, ok := roleNumber(raw)
	if !ok || value < 0 {
		return 0, roleError(raw)
	}
	if value != float64(pat.Admin) && value != float64(pat.Editor) && value != float64(pat.Viewer) {
		return 0, noRole(jsNumber(value))
	}
	return pat.Role(value), nil
}

// projectRoles are known to Unleash's validator, and are no root roles.
var projectRoles = []string{"Owner", "Member", "Reader"}

func noRole(what string) error { return badData("Could not find rootRole=" + what) }

// roleNumber reads a number, a numeric string, a boolean or null as a whole number.
func roleNumber(raw json.RawMessage) (float64, bool) {
	switch raw[0] {
	case 'n', 'f':
		return 0, true
	case 't':
		return 1, true
	case '"':
		return wholeNumber(unquote(raw))
	case '[', '{':
		return 0, false
	}
	value, _ := strconv.ParseFloat(string(raw), 64)
	return value, value == math.Trunc(value)
}

// roleError is Unleash's answer to what is neither a number nor a name of a role: a detail for each of the forms it tried.
func roleError(raw json.RawMessage) error {
	const path = "/body/rootRole"
	sent, provided := roleSent(raw)
	what := "must be integer"
	if value, ok := roleNumber(raw); ok && value < 0 {
		what = "must be >= 0"
	}
	details := []apitypes.Detail{{Message: fmt.Sprintf("The `%s` property %s. You sent %s.", path, what, sent), Path: path}}
	if raw[0] == '[' || raw[0] == '{' {
		details = append(details, apitypes.Detail{Message: fmt.Sprintf("The `%s` property must be string. You sent %s.", path, sent), Path: path})
	}
	details = append(details,
		apitypes.Detail{Message: `The ` + "`rootRole`" + ` property must be equal to one of the allowed values: "Admin", "Editor", "Viewer", "Owner", ` +
			`"Member", "Reader". You provided ` + provided + `, which is not valid. Please use one of the allowed values instead..`, Path: "rootRole"},
		apitypes.Detail{Message: `The "` + path + `" property must match exactly one schema in oneOf. The data you provided matches more than one option ` +
			`in the schema. These options are mutually exclusive. Please refer back to the schema and remove any excess properties.`, Path: path})
	return &problem{http.StatusBadRequest, nameOf[pat.KindInvalid].name, invalidPrefix + seeDetails, details}
}

// roleSent is the value as it stands in messages: what is no array or object has become a string by then.
func roleSent(raw json.RawMessage) (sent, provided string) {
	switch raw[0] {
	case '[', '{':
		return compact(raw), compact(raw)
	case '"':
		return quote(unquote(raw)), quote(unquote(raw))
	}
	return quote(number(raw)), quote(number(raw))
}

// optionalBoolean is a member as a boolean, or nil if it is not there. Unleash's validator coerces "true", "false", 1, 0 and
// null.
func (o object) optionalBoolean(name string) (*bool, error) {
	raw, there := o[name]
	if !there {
		return nil, nil //nolint:nilnil // absent is a value of its own
	}
	var value bool
	switch compact(raw) {
	case "true", `"true"`, "1":
		value = true
	case "false", `"false"`, "0", "null":
	default:
		return nil, schemaError("/body/"+name, fmt.Sprintf("The `/body/%s` property must be boolean. You sent %s.", name, compact(raw)))
	}
	return &value, nil
}

func (o object) checkBoolean(name string) error {
	_, err := o.optionalBoolean(name)
	return err
}
