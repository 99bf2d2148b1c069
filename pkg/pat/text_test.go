package pat_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestUsernamesAreDistinguishable(t *testing.T) {
	t.Parallel()
	const (
		invisible = "The username cannot contain invisible characters."
		control   = "The username cannot contain control characters."
		mixed     = "The username cannot mix Latin letters with Cyrillic or Greek ones."
	)
	for name, c := range map[string]struct {
		username string
		stored   string // empty if the username is refused
		want     string // the message
	}{
		"spaces around it":         {" admin\u00A0", "admin", ""},
		"inner space":              {"ann lee", "ann lee", ""},
		"decomposed":               {"rene\u0301", "ren\u00E9", ""},
		"Cyrillic only":            {"администратор", "администратор", ""},
		"Greek with digits":        {"αβγ-7", "αβγ-7", ""},
		"Latin with Han":           {"ann李", "ann李", ""},
		"Cyrillic a":               {"аdmin", "", mixed},
		"Greek omicron":            {"rοot", "", mixed},
		"zero-width space":         {"admin\u200B", "", invisible},
		"zero-width joiner":        {"admin\u200D", "", invisible},
		"right-to-left override":   {"\u202Eadmin", "", invisible},
		"soft hyphen":              {"ad\u00ADmin", "", invisible},
		"Hangul filler":            {"admin\u3164", "", invisible},
		"combining joiner":         {"ad\u034Fmin", "", invisible},
		"variation selector":       {"admin\uFE0F", "", invisible},
		"tag character":            {"admin\U000E0061", "", invisible},
		"blank Braille pattern":    {"admin\u2800", "", invisible},
		"inner no-break space":     {"ann\u00A0lee", "", invisible},
		"line separator":           {"ann\u2028lee", "", control},
		"line break at the end":    {"admin\n", "", control},
		"only spaces and no email": {"\u2003 ", "", "You must specify username or email"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			made, err := f.service.CreateUser(t.Context(), pat.Profile{Username: c.username, Role: pat.Viewer})
			if c.want != "" {
				pattest.WantKind(t, err, pat.KindInvalid)
				wantMessage(t, err, c.want)
			} else if err != nil || made.Username != c.stored {
				t.Errorf("got %q and %v, want %q", made.Username, err, c.stored)
			}
		})
	}
}

func TestNamesAndAddressesAreStoredInNormalForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made, err := f.service.CreateUser(t.Context(), pat.Profile{
		Name: " \u0646\u0627\u0645\u0647\u200C\u0647\u0627 👩\u200D🚀 Zoe\u0308 ", Email: " ZOE\u0308@Example.org ", Role: pat.Viewer,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := pat.Profile{Name: "\u0646\u0627\u0645\u0647\u200C\u0647\u0627 👩\u200D🚀 Zo\u00EB", Email: "zo\u00EB@example.org", Role: pat.Viewer}
	if made.Profile != want {
		t.Errorf("got %+v, want %+v", made.Profile, want)
	}
	_, err = f.service.CreateUser(t.Context(), pat.Profile{Email: "zo\u00CB@example.org", Role: pat.Viewer})
	pattest.WantKind(t, err, pat.KindUserExists)
	for message, profile := range map[string]pat.Profile{
		"The name cannot contain invisible characters.":          {Username: "a", Name: "Zoe\u202E", Role: pat.Viewer},
		"The email address cannot contain invisible characters.": {Email: "zoe\u200C@example.org", Role: pat.Viewer},
	} {
		_, err := f.service.CreateUser(t.Context(), profile)
		wantMessage(t, err, message)
	}
}

func TestNormalOfNormalChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune(" \u00A0\u3000eEIIİKÅ\u0301\u0307\u0308\u030A\u0345가\u1100\u1161")))).Draw(t, "text")
		once := pat.Profile{Username: text, Name: text, Email: text}.Normal()
		if twice := once.Normal(); twice != once {
			t.Fatalf("got %+v and then %+v, want the same", once, twice)
		}
	})
}

func TestSearchFindsOtherFormsOfAUsername(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	zoe := pattest.Account(t, f.store, pattest.Profile("zo\u00EB", pat.Viewer))
	found, err := f.service.SearchUsers(t.Context(), " zoe\u0308")
	if err != nil || len(found) != 1 || found[0].ID != zoe.ID {
		t.Errorf("got %v and %v, want user %d", found, err, zoe.ID)
	}
}

func TestDescriptionsAreStoredInNormalForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	token, _ := f.create(t, " cafe\u0301 👩\u200D🚀 ")
	if want := "caf\u00E9 👩\u200D🚀"; token.Description != want {
		t.Errorf("got %+q, want %+q", token.Description, want)
	}
	_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("caf\u00E9 👩\u200D🚀"))
	pattest.WantKind(t, err, pat.KindDuplicate)
	for _, r := range []string{"\u202E", "\u200B", "\u2066", "\uFEFF", "\U000E0061"} {
		_, _, err := f.service.CreateToken(t.Context(), f.holder.Identity(), f.draft("a"+r+"b"))
		pattest.WantKind(t, err, pat.KindInvalid)
		wantMessage(t, err, "PAT description cannot contain invisible characters.")
	}
}

// TestStoredTextsStayUntilEdited has a user and a token with texts that no rule of today accepts.
func TestStoredTextsStayUntilEdited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := pat.Profile{Username: " аdmin\u200B", Name: "\u202E Old", Email: "a@[127.0.0.1]", Role: pat.Viewer}
	user := pattest.Account(t, f.store, old)
	_, secret, err := f.service.CreateUserToken(t.Context(), user.ID, f.draft("x"))
	if err != nil {
		t.Fatal(err)
	}
	account := pattest.Read(t, f.store, user.ID)
	described := account
	described.Tokens = []pat.Token{account.Tokens[0]}
	described.Tokens[0].Description = " \u202E"
	if err := f.store.ReplaceAccount(t.Context(), account, described); err != nil {
		t.Fatal(err)
	}

	if _, err := f.service.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("Authenticate: %v", err)
	}
	if _, _, err := f.service.CreateUserToken(t.Context(), user.ID, f.draft("y")); err != nil {
		t.Errorf("CreateUserToken: %v", err)
	}
	edited, err := f.service.UpdateUser(t.Context(), user.ID, func(p *pat.Profile) { p.Disabled = true })
	if want := (pat.Profile{Username: old.Username, Name: old.Name, Email: old.Email, Role: old.Role, Disabled: true}); err != nil || edited.Profile != want {
		t.Errorf("disabling: got %+v and %v, want %+v", edited.Profile, err, want)
	}
	edited, err = f.service.UpdateUser(t.Context(), user.ID, func(p *pat.Profile) { p.Name = "New" })
	if err != nil || edited.Username != old.Username || edited.Name != "New" {
		t.Errorf("another name: got %+v and %v, want the username as it was", edited.Profile, err)
	}
	_, err = f.service.UpdateUser(t.Context(), user.ID, func(p *pat.Profile) { p.Email = "b@[127.0.0.1]" })
	wantMessage(t, err, "The email address is not valid.")
	_, err = f.service.UpdateUser(t.Context(), user.ID, func(p *pat.Profile) { p.Username += "x" })
	wantMessage(t, err, "The username cannot contain invisible characters.")
	if err := f.service.DeleteUser(t.Context(), user.ID); err != nil {
		t.Errorf("DeleteUser: %v", err)
	}
}

func TestRepeatedCreateIsComparedInNormalForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	key, err := pat.NewIdempotencyKey(f.holder.Secret, "key")
	if err != nil {
		t.Fatal(err)
	}
	var made []pat.TokenID
	for _, description := range []string{" caf\u00E9", "cafe\u0301 "} {
		draft := pat.Draft{Description: description, Scopes: pat.Unscoped(), ExpiresAt: pattest.Start.Add(time.Hour)}
		token, _, err := f.service.CreateTokenOnce(t.Context(), f.holder.Identity(), draft, key)
		if err != nil {
			t.Fatalf("CreateTokenOnce(%+q): %v", description, err)
		}
		made = append(made, token.ID)
	}
	if made[0] != made[1] {
		t.Errorf("got tokens %v, want the same one", made)
	}
}
