package pattest

import (
	"fmt"
	"testing"
	"time"

	"pats/pkg/pat"
)

var signInPromises = []promise{
	{"CreateAccount and ReplaceAccount keep what an account has about signing in", signInIsKept},
	{"FindUser finds the user with a login, and follows each change at once", loginFindsUser},
	{"Two accounts do not have one login", loginIsUnique},
	{"Service: concurrent first sign-ins of one user create one account", firstSignInsAtOnce},
	{"Service: concurrent sign-ins of two users with one address link the account once", linksAtOnce},
	{"Service: one create sent concurrently in a session with one idempotency key creates exactly one token", sessionKeyedAtOnce},
	{"Service: sessions end together, and those that start later do not", sessionsEnd},
}

// signedIn returns an account as it is stored before its first sign-in.
func signedIn(name string, signIn pat.SignIn) pat.Account {
	return pat.Account{Profile: Profile(name, pat.Viewer), SignIn: signIn, CreatedAt: Start, NextTokenID: 1}
}

func login(subject string) pat.LoginKey { return pat.NewLoginKey("https://id.example", subject) }

func loginKey(subject string) string { return "login:" + string(login(subject)) }

func signInIsKept(t *testing.T, store pat.Store) {
	for i, signIn := range []pat.SignIn{
		{Login: login("ann")},
		{RoleBefore: pat.Editor},
		{SessionsFrom: Start.Add(time.Millisecond)},
		{Login: login("bob"), RoleBefore: pat.Viewer, SessionsFrom: Start},
	} {
		account, err := store.CreateAccount(t.Context(), signedIn(fmt.Sprint("created", i), signIn))
		succeed(t, err)
		if account.SignIn != signIn {
			t.Errorf("CreateAccount returned %+v, want %+v", account.SignIn, signIn)
		}
		wantAccount(t, store, account)
		account.SignIn = pat.SignIn{}
		account = replaced(t, store, withTokens(t, account, 1))
		wantAccount(t, store, account)
		account.SignIn = signIn
		account.Tokens[0].Scopes = Scopes(t, "orders:read")
		wantAccount(t, store, replaced(t, store, account))
	}
}

func loginFindsUser(t *testing.T, store pat.Store) {
	account, err := store.CreateAccount(t.Context(), signedIn("ann", pat.SignIn{Login: login("ann")}))
	succeed(t, err)
	wantKeyOf(t, store, loginKey("ann"), account.ID)
	wantKeyOf(t, store, loginKey("bob"), 0)
	account.SignIn.Login = login("bob")
	account = replaced(t, store, account)
	wantKeyOf(t, store, loginKey("ann"), 0)
	wantKeyOf(t, store, loginKey("bob"), account.ID)
	account.SignIn.SessionsFrom = Start
	account = replaced(t, store, account)
	wantKeyOf(t, store, loginKey("bob"), account.ID)
	account.SignIn.Login = ""
	account = replaced(t, store, account)
	wantKeyOf(t, store, loginKey("bob"), 0)
	account.SignIn.Login = login("eve")
	succeed(t, store.DeleteAccount(t.Context(), replaced(t, store, account)))
	wantKeyOf(t, store, loginKey("eve"), 0)
}

func loginIsUnique(t *testing.T, store pat.Store) {
	ann, err := store.CreateAccount(t.Context(), signedIn("ann", pat.SignIn{Login: login("ann")}))
	succeed(t, err)
	_, err = store.CreateAccount(t.Context(), signedIn("eve", pat.SignIn{Login: login("ann")}))
	WantKind(t, err, pat.KindUserExists)
	bob := Account(t, store, Profile("bob", pat.Viewer))
	after := bob
	after.SignIn.Login = login("ann")
	WantKind(t, store.ReplaceAccount(t.Context(), bob, after), pat.KindUserExists)
	wantAccount(t, store, ann)
	wantAccount(t, store, bob)
}

// Proven returns a user whom the identity provider at https://id.example has authenticated. The verified address derives from name, as
// Profile's does.
func Proven(name string) pat.ProvenUser {
	return pat.ProvenUser{Issuer: "https://id.example", Subject: name, Email: Profile(name, pat.Viewer).Email, Name: "Name of " + name}
}

func firstSignInsAtOnce(t *testing.T, store pat.Store) {
	service, user := newService(store), Proven("ann")
	user.MayCreate = true
	ids := make([]pat.UserID, crowd)
	errs := together(crowd, func(i int) error {
		account, err := service.SignIn(t.Context(), user)
		ids[i] = account.ID
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	if got := list(t, store, 0, crowd); len(got) != 1 {
		t.Fatalf("%d users are listed, want 1", len(got))
	}
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("signed in as users %v, want one", ids)
			break
		}
	}
}

func linksAtOnce(t *testing.T, store pat.Store) {
	service, account := newService(store), Account(t, store, Profile("ann", pat.Editor))
	ann, eve := Proven("ann"), Proven("eve")
	eve.Email = ann.Email
	errs := together(2, func(i int) error {
		_, err := service.SignIn(t.Context(), []pat.ProvenUser{ann, eve}[i])
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: 1, pat.KindForbidden: 1})
	if got := Read(t, store, account.ID).SignIn.Login; got != login("ann") && got != login("eve") {
		t.Errorf("the account has login %q, want one of the two", got)
	}
}

// Session returns the Identity of a user in a session that started a second after Start and lasts for a day.
func Session(t testing.TB, user pat.UserID) pat.Identity {
	t.Helper()
	key, err := pat.NewSessionKey(NewRandom())
	if err != nil {
		t.Fatal(err)
	}
	return pat.Identity{User: user, Session: pat.Session{
		StartedAt: Start.Add(time.Second), ExpiresAt: Start.Add(24 * time.Hour), Key: key,
	}}
}

// SessionIdempotencyKey returns the key for requests of a session.
func SessionIdempotencyKey(t testing.TB, caller pat.Identity, text string) pat.IdempotencyKey {
	t.Helper()
	key, err := pat.NewSessionIdempotencyKey(caller.User, caller.Session, text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sessionKeyedAtOnce(t *testing.T, store pat.Store) {
	service, account := newService(store), Account(t, store, Profile("ann", pat.Viewer))
	caller := Session(t, account.ID)
	secrets := make([]string, crowd)
	errs := together(crowd, func(i int) error {
		_, secret, err := service.CreateTokenOnce(t.Context(), caller, Draft("once"), SessionIdempotencyKey(t, caller, "k"))
		secrets[i] = secret.Reveal()
		return err
	})
	wantKinds(t, errs, map[pat.Kind]int{succeeded: crowd})
	tokens := Read(t, store, account.ID).Tokens
	if len(tokens) != 1 || tokens[0].Maker != (pat.Maker{User: account.ID}) || len(tokens[0].Ancestors) > 0 {
		t.Errorf("got tokens %+v, want one that the user made without a token", tokens)
	}
	for _, secret := range secrets {
		if secret != secrets[0] {
			t.Fatal("callers with one key got different secrets")
		}
	}
}

func sessionsEnd(t *testing.T, store pat.Store) {
	service, account := newService(store), Account(t, store, Profile("ann", pat.Viewer))
	one, other, later := Session(t, account.ID), Session(t, account.ID), Session(t, account.ID)
	later.Session.StartedAt = one.Session.StartedAt.Add(time.Millisecond)
	succeed(t, service.EndSessions(t.Context(), one))
	for _, caller := range []pat.Identity{one, other} {
		_, err := service.Admit(t.Context(), caller)
		WantKind(t, err, pat.KindUnauthenticated)
	}
	_, err := service.Admit(t.Context(), later)
	succeed(t, err)
}
