package pat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestCreateUserRules(t *testing.T) {
	t.Parallel()
	const (
		noName   = "You must specify username or email"
		badRole  = "The root role must be Admin, Editor or Viewer."
		badEmail = "The email address is not valid."
	)
	for name, c := range map[string]struct {
		profile pat.Profile
		want    string // the message, or "" if the profile is valid
	}{
		"username only":       {pat.Profile{Username: "bob", Role: pat.Viewer}, ""},
		"email only":          {pat.Profile{Email: "bob@example.org", Role: pat.Editor}, ""},
		"255 emoji":           {pat.Profile{Username: strings.Repeat("🦫", 255), Role: pat.Admin}, ""},
		"disabled":            {pat.Profile{Username: "bob", Role: pat.Viewer, Disabled: true}, ""},
		"neither":             {pat.Profile{Name: "Bob", Role: pat.Viewer}, noName},
		"no role":             {pat.Profile{Username: "bob"}, badRole},
		"unknown role":        {pat.Profile{Username: "bob", Role: 4}, badRole},
		"long username":       {pat.Profile{Username: strings.Repeat("x", 256), Role: pat.Viewer}, "The username cannot be longer than 255 characters."},
		"control in the name": {pat.Profile{Username: "bob", Name: "a\tb", Role: pat.Viewer}, "The name cannot contain control characters."},
		"not UTF-8":           {pat.Profile{Username: "\xff", Role: pat.Viewer}, "The username is not valid UTF-8."},
		"no address":          {pat.Profile{Email: "bob", Role: pat.Viewer}, badEmail},
		"address with a name": {pat.Profile{Email: "Bob <bob@example.org>", Role: pat.Viewer}, badEmail},
		"one label":           {pat.Profile{Email: "bob@localhost", Role: pat.Viewer}, badEmail},
		"two addresses":       {pat.Profile{Email: "a@example.org, b@example.org", Role: pat.Viewer}, badEmail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			made, err := f.service.CreateUser(t.Context(), c.profile)
			if c.want != "" {
				pattest.WantKind(t, err, pat.KindInvalid)
				wantMessage(t, err, c.want)
				return
			}
			if err != nil {
				t.Fatalf("CreateUser: %v", err)
			}
			want := pat.Account{ID: 2, Profile: c.profile, CreatedAt: pattest.Start, NextTokenID: 1, Version: made.Version}
			if diff := cmp.Diff(want, made); diff != "" {
				t.Errorf("account, -want +got:\n%s", diff)
			}
		})
	}
}

func TestCreateUserWithATakenKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	holder := f.holder.Account.Profile
	for name, profile := range map[string]pat.Profile{
		"username":            {Username: holder.Username, Role: pat.Viewer},
		"email in upper case": {Email: strings.ToUpper(holder.Email), Role: pat.Viewer},
	} {
		if _, err := f.service.CreateUser(t.Context(), profile); pat.KindOf(err) != pat.KindUserExists {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindUserExists)
		}
	}
	if _, err := f.service.CreateUser(t.Context(), pat.Profile{Username: strings.ToUpper(holder.Username), Role: pat.Viewer}); err != nil {
		t.Errorf("a username in another case: got %v, want another user", err)
	}
}

func TestEmailIsStoredInLowerCase(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made, err := f.service.CreateUser(t.Context(), pat.Profile{Email: "Bob@Example.ORG", Role: pat.Viewer})
	if err != nil || made.Email != "bob@example.org" {
		t.Errorf("got %q and %v, want the address in lower case", made.Email, err)
	}
}

func TestUpdateUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bob := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	updated, err := f.service.UpdateUser(t.Context(), bob.ID, func(p *pat.Profile) { p.Name, p.Email = "Robert", "R@example.org" })
	if err != nil {
		t.Fatalf("UpdateUser: %v", err)
	}
	want := bob.Profile
	want.Name, want.Email = "Robert", "r@example.org"
	stored, err := f.service.User(t.Context(), bob.ID)
	if err != nil {
		t.Fatalf("User: %v", err)
	}
	for name, got := range map[string]pat.Profile{"returned": updated.Profile, "stored": stored.Profile} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s profile, -want +got:\n%s", name, diff)
		}
	}
}

func TestUpdateUserRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bob := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	for name, c := range map[string]struct {
		user pat.UserID
		edit func(*pat.Profile)
		want pat.Kind
	}{
		"a missing user":            {bob.ID + 1, func(*pat.Profile) {}, pat.KindNotFound},
		"a bad role":                {bob.ID, func(p *pat.Profile) { p.Role = 9 }, pat.KindInvalid},
		"a taken email":             {bob.ID, func(p *pat.Profile) { p.Email = f.holder.Account.Email }, pat.KindUserExists},
		"the last Admin's demotion": {f.holder.Account.ID, func(p *pat.Profile) { p.Role = pat.Viewer }, pat.KindLastAdmin},
	} {
		if _, err := f.service.UpdateUser(t.Context(), c.user, c.edit); pat.KindOf(err) != c.want {
			t.Errorf("%s: got %v, want kind %d", name, err, c.want)
		}
	}
}

func TestUsersReturnsThoseAboveAnID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	bob := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	users, err := f.service.Users(t.Context(), f.holder.Account.ID, 10)
	if err != nil || len(users) != 1 || users[0].ID != bob.ID {
		t.Errorf("got %v and %v, want user %d only", users, err, bob.ID)
	}
}

func TestTheLastAdminCannotLeave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, err := range map[string]error{
		"disabled": pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, true),
		"deleted":  f.service.DeleteUser(t.Context(), f.holder.Account.ID),
	} {
		if pat.KindOf(err) != pat.KindLastAdmin {
			t.Errorf("%s: got %v, want kind %d", name, err, pat.KindLastAdmin)
		}
	}
}

func TestUpdateThatChangesNothingWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := pattest.SetDisabled(t.Context(), f.service, f.holder.Account.ID, false); err != nil {
		t.Fatal(err)
	}
	f.wantCalls(t, map[pattest.Call]int{pattest.CallAccount: 1})
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pat.Role{"Admin": pat.Admin, "editor": pat.Editor, "VIEWER": pat.Viewer} {
		got, err := pat.ParseRole(text)
		if err != nil || got != want || !strings.EqualFold(got.String(), text) {
			t.Errorf("ParseRole(%q): got %v and %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "Root", "Admin ", "1"} {
		_, err := pat.ParseRole(text)
		pattest.WantKind(t, err, pat.KindInvalid)
	}
	if got := pat.Role(9).String(); got != "Role(9)" {
		t.Errorf("got %q, want Role(9)", got)
	}
}
