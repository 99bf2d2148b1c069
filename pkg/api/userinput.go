package api

import (
	"pats/pkg/api/unleashjson"
	"pats/pkg/pat"
)

// maxPage is the maximum number of users in a response, and the default.
const maxPage = 1000

// readNewProfile reads the body of a create, checking in Unleash's order. A password is checked and dropped, since no user logs
// in here, and so is sendEmail.
func readNewProfile(body unleashjson.Object) (pat.Profile, error) {
	if err := body.Require("rootRole"); err != nil {
		return pat.Profile{}, err
	}
	if err := body.AllowOnly("username", "email", "name", "password", "rootRole", "sendEmail"); err != nil {
		return pat.Profile{}, err
	}
	profile, err := newProfile(body)
	if err != nil {
		return pat.Profile{}, err
	}
	if body.Has("name") && profile.Name == "" {
		return pat.Profile{}, unleashjson.EmptyValue()
	}
	return profile, checkEmail(profile.Email)
}

// newProfile reads the members of a create by their types.
func newProfile(body unleashjson.Object) (profile pat.Profile, err error) {
	for _, member := range []struct {
		name string
		into *string
	}{{"username", &profile.Username}, {"email", &profile.Email}, {"name", &profile.Name}, {"password", new(string)}} {
		if *member.into, err = body.Text(member.name); err != nil {
			return pat.Profile{}, err
		}
	}
	if profile.Role, err = body.RootRole(); err != nil {
		return pat.Profile{}, err
	}
	return profile, body.CheckBool("sendEmail")
}

// profileEdit is the body of an update. The zero value of a member changes nothing.
type profileEdit struct {
	email, name string
	role        pat.Role
	disabled    *bool
}

// readUserEdit returns the id in the path and the edit that read makes of the body. As in Unleash, an error in the body's JSON comes before
// one in the id, and that before one in the body's members.
func readUserEdit(req *request, read func(unleashjson.Object) (profileEdit, error)) (pat.UserID, profileEdit, error) {
	raw, err := req.json()
	if err != nil {
		return 0, profileEdit{}, err
	}
	id, err := req.userID()
	if err != nil {
		return 0, profileEdit{}, err
	}
	body, err := unleashjson.ParseObject(raw)
	if err != nil {
		return 0, profileEdit{}, err
	}
	edit, err := read(body)
	return id, edit, err
}

// readProfileEdit reads the body of an update. As in Unleash, members that are absent, null, empty or 0 change nothing, and unknown
// members are ignored. disabled, which Unleash does not have, is changed by true and false only.
func readProfileEdit(body unleashjson.Object) (edit profileEdit, err error) {
	if edit.email, err = body.Text("email"); err != nil {
		return profileEdit{}, err
	}
	if edit.name, err = body.Text("name"); err != nil {
		return profileEdit{}, err
	}
	if edit.role, err = body.OptionalRootRole(); err != nil {
		return profileEdit{}, err
	}
	if err := checkEmail(edit.email); err != nil {
		return profileEdit{}, err
	}
	edit.disabled, err = body.Bool("disabled")
	return edit, err
}

func (e profileEdit) apply(profile *pat.Profile) {
	replace(&profile.Email, e.email)
	replace(&profile.Name, e.name)
	replace(&profile.Role, e.role)
	if e.disabled != nil {
		profile.Disabled = *e.disabled
	}
}

// replace sets place to value, unless value is zero.
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
	return unleashjson.InvalidEmail(email)
}
