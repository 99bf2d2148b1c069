package pat_test

import (
	"strings"
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// signIn signs user in and returns the account, which must be possible.
func (f *fixture) signIn(t *testing.T, user pat.ProvenUser) pat.Account {
	t.Helper()
	account, err := f.service.SignIn(t.Context(), user)
	if err != nil {
		t.Fatalf("SignIn(%s): %v", user.Subject, err)
	}
	if stored := pattest.Read(t, f.store, account.ID); stored.SignIn != account.SignIn || stored.Role != account.Role {
		t.Errorf("got %+v, want what is stored: %+v", account, stored)
	}
	return account
}

func creatable(name string) pat.ProvenUser {
	user := pattest.Proven(name)
	user.MayCreate = true
	return user
}

func TestFirstSignInCreatesAViewer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	account := f.signIn(t, creatable("bob"))
	want := pat.Profile{Email: "bob@example.org", Name: "Name of bob", Role: pat.Viewer}
	if account.Profile != want {
		t.Errorf("got %+v, want %+v", account.Profile, want)
	}
	if again := f.signIn(t, pattest.Proven("bob")); again.ID != account.ID {
		t.Errorf("got user %d at the next sign-in, want %d", again.ID, account.ID)
	}
}

// TestSignInCreatesNobodyUnasked: without an allowed domain or group, only users with an account sign in.
func TestSignInCreatesNobodyUnasked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.service.SignIn(t.Context(), pattest.Proven("bob"))
	pattest.WantKind(t, err, pat.KindForbidden)
	if users, _ := f.service.Users(t.Context(), 0, 10); len(users) != 1 {
		t.Errorf("got %d users, want the holder alone", len(users))
	}
}

// TestNewAccountOfAnUnverifiedUser: without a verified address the account gets a username, and never the address.
func TestNewAccountOfAnUnverifiedUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ username, email, want string }{
		"a username":                {"bob", "", "bob"},
		"a username of no form":     {"b\u202eb", "", string(pat.NewLoginKey("https://id.example", "a username of no form"))},
		"neither":                   {"", "", string(pat.NewLoginKey("https://id.example", "neither"))},
		"an address beyond ASCII":   {"kate", "\u212aate@example.org", "kate"},
		"an address that is no one": {"eve", "eve", "eve"},
	} {
		user := pat.ProvenUser{Issuer: "https://id.example", Subject: name, Email: c.email, Username: c.username, Name: "a\x00b", MayCreate: true}
		account := f.signIn(t, user)
		want := pat.Profile{Username: c.want, Role: pat.Viewer}
		if c.email == "eve" {
			want.Username = string(pat.NewLoginKey("https://id.example", name))
		}
		if account.Profile != want {
			t.Errorf("%s: got %+v, want %+v", name, account.Profile, want)
		}
	}
}

func TestTakenUsernameIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.service.SignIn(t.Context(), pat.ProvenUser{Issuer: "https://id.example", Subject: "1", Username: "ann", MayCreate: true})
	pattest.WantKind(t, err, pat.KindForbidden)
	wantMessage(t, err, `Another account has your username, "ann". Ask an administrator.`)
}

// TestLinkingByAddress: a verified address links an account without a login, once, and never one that could do harm.
func TestLinkingByAddress(t *testing.T) {
	t.Parallel()
	with := func(change func(*pat.Account)) func(t *testing.T, f *fixture) pat.Account {
		return func(t *testing.T, f *fixture) pat.Account {
			t.Helper()
			draft := pat.Account{Profile: pattest.Profile("bob", pat.Editor), CreatedAt: pattest.Start, NextTokenID: 1}
			change(&draft)
			account, err := f.store.CreateAccount(t.Context(), draft)
			if err != nil {
				t.Fatal(err)
			}
			return account
		}
	}
	for name, c := range map[string]struct {
		create func(t *testing.T, f *fixture) pat.Account
		email  string
		linked bool
	}{
		"an Editor":               {with(func(*pat.Account) {}), "bob@example.org", true},
		"another case":            {with(func(*pat.Account) {}), "Bob@Example.ORG", true},
		"an Admin":                {with(func(a *pat.Account) { a.Role = pat.Admin }), "bob@example.org", false},
		"disabled":                {with(func(a *pat.Account) { a.Disabled = true }), "bob@example.org", false},
		"another login":           {with(func(a *pat.Account) { a.SignIn.Login = pat.NewLoginKey("https://id.example", "2") }), "bob@example.org", false},
		"no verified address":     {with(func(*pat.Account) {}), "", false},
		"an address that folds":   {with(func(a *pat.Account) { a.Email = "kate@example.org" }), "\u212aate@example.org", false},
		"a service account":       {with(func(a *pat.Account) { a.Type = pat.ServiceAccount }), "bob@example.org", false},
		"the username as address": {with(func(a *pat.Account) { a.Username, a.Email = "bob@example.org", "" }), "bob@example.org", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			before := c.create(t, f)
			user := pattest.Proven("bob")
			user.Email = c.email
			account, err := f.service.SignIn(t.Context(), user)
			after := pattest.Read(t, f.store, before.ID)
			if c.linked {
				if err != nil || account.ID != before.ID || after.SignIn.Login != pat.NewLoginKey(user.Issuer, user.Subject) {
					t.Errorf("got user %d, %+v and error %v, want user %d linked", account.ID, after.SignIn, err, before.ID)
				}
				return
			}
			pattest.WantKind(t, err, pat.KindForbidden)
			if after.SignIn != before.SignIn {
				t.Errorf("got %+v, want %+v", after.SignIn, before.SignIn)
			}
		})
	}
}

// TestRefusedLinkSaysHowToLink: the message names the command that an operator runs, with the user's own login.
func TestRefusedLinkSaysHowToLink(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := pattest.Proven("ann")
	user.Subject = "o'neil"
	_, err := f.service.SignIn(t.Context(), user)
	pattest.WantKind(t, err, pat.KindForbidden)
	if want := `pats user link 1 --issuer 'https://id.example' --subject 'o'\''neil'`; !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want %q in it", err, want)
	}
}

func TestLinkLogin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.holder.Account.ID
	if _, err := f.service.LinkLogin(t.Context(), id, "https://id.example", "ann"); err != nil {
		t.Fatal(err)
	}
	if got := f.signIn(t, pattest.Proven("ann")).ID; got != id {
		t.Errorf("got user %d, want %d", got, id)
	}
	bob := pattest.Account(t, f.store, pattest.Profile("bob", pat.Viewer))
	_, err := f.service.LinkLogin(t.Context(), bob.ID, "https://id.example", "ann")
	pattest.WantKind(t, err, pat.KindUserExists)
	if _, err := f.service.UnlinkLogin(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	_, err = f.service.SignIn(t.Context(), pattest.Proven("ann"))
	pattest.WantKind(t, err, pat.KindForbidden)
	if account := pattest.Read(t, f.store, id); account.SignIn.SessionsFrom != f.clock.Now() {
		t.Errorf("got %+v, want the sessions ended", account.SignIn)
	}
	service, err := f.store.CreateAccount(t.Context(), pat.Account{Type: pat.ServiceAccount, Profile: pat.Profile{Username: "ci", Role: pat.Viewer}, NextTokenID: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.service.LinkLogin(t.Context(), service.ID, "https://id.example", "ci")
	pattest.WantKind(t, err, pat.KindInvalid)
}

func TestDisabledUsersDoNotSignIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	account := f.signIn(t, creatable("bob"))
	if err := pattest.SetDisabled(t.Context(), f.service, account.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err := f.service.SignIn(t.Context(), creatable("bob"))
	wantRefused(t, err, pat.ReasonDisabled)
}

// TestAdminFollowsTheGroup: the group gives and takes the role, and what was given otherwise stays.
func TestAdminFollowsTheGroup(t *testing.T) {
	t.Parallel()
	member := func(in bool) pat.ProvenUser {
		user := creatable("bob")
		user.Admin = in
		return user
	}
	t.Run("a new user", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		wantRole(t, f.signIn(t, member(true)), pat.Admin)
		wantRole(t, f.signIn(t, member(true)), pat.Admin)
		wantRole(t, f.signIn(t, member(false)), pat.Viewer)
		wantRole(t, f.signIn(t, member(true)), pat.Admin)
	})
	t.Run("an Editor", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		pattest.Account(t, f.store, pattest.Profile("bob", pat.Editor))
		wantRole(t, f.signIn(t, member(true)), pat.Admin)
		wantRole(t, f.signIn(t, member(false)), pat.Editor)
	})
	t.Run("an Admin otherwise", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		if _, err := f.service.LinkLogin(t.Context(), f.holder.Account.ID, "https://id.example", "bob"); err != nil {
			t.Fatal(err)
		}
		pattest.Account(t, f.store, pattest.Profile("another", pat.Admin))
		wantRole(t, f.signIn(t, member(true)), pat.Admin)
		wantRole(t, f.signIn(t, member(false)), pat.Admin)
	})
	t.Run("made an Admin here after the group did", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		account := f.signIn(t, member(true))
		for _, role := range []pat.Role{pat.Editor, pat.Admin} {
			if _, err := f.service.UpdateUser(t.Context(), account.ID, func(p *pat.Profile) { p.Role = role }); err != nil {
				t.Fatal(err)
			}
		}
		wantRole(t, f.signIn(t, member(false)), pat.Admin)
	})
	t.Run("the last Admin", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.signIn(t, member(true))
		if err := f.service.DeleteUser(t.Context(), f.holder.Account.ID); err != nil {
			t.Fatal(err)
		}
		wantRole(t, f.signIn(t, member(false)), pat.Admin)
		pattest.Account(t, f.store, pattest.Profile("another", pat.Admin))
		wantRole(t, f.signIn(t, member(false)), pat.Viewer)
	})
}

func wantRole(t *testing.T, account pat.Account, want pat.Role) {
	t.Helper()
	if account.Role != want {
		t.Errorf("got role %s, want %s", account.Role, want)
	}
}
