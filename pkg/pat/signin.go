package pat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// maxSignInTries bounds the attempts of one sign-in that compete with others of the same user.
const maxSignInTries = 5

// ProvenUser is a user whom the identity provider has authenticated, and what its settings here allow.
type ProvenUser struct {
	Issuer  string
	Subject string
	// Email is an address that the provider has verified, or empty. One outside ASCII does not count: others can look the same, and
	// become the same in lower case.
	Email string
	// Username and Name are for a new account. Both can be empty.
	Username string
	Name     string
	// MayCreate permits to create an account.
	MayCreate bool
	// Admin is set if the provider's group of Admins has the user.
	Admin bool
}

func (u ProvenUser) login() LoginKey { return NewLoginKey(u.Issuer, u.Subject) }

// ClientSecret is the secret of this service as a client of the identity provider. It prints as "[redacted]".
type ClientSecret struct{ sealed }

// NewClientSecret returns text as a ClientSecret.
func NewClientSecret(text string) ClientSecret { return ClientSecret{seal(text)} }

// SignIn returns the account of a user who has signed in at startedAt: the one with the user's login; else one with the user's verified
// address and no login, which gets the login, unless it is an Admin's, disabled or a service account; else a new one, if that is permitted.
// The role follows the provider's group of Admins: it becomes Admin with the group, and ends without it if it came from the group, unless
// this is the last Admin. Errors: KindForbidden, KindUnauthenticated for a disabled user, KindUnavailable.
func (s *Service) SignIn(ctx context.Context, user ProvenUser) (Account, error) {
	if !isASCII(user.Email) {
		user.Email = ""
	}
	for range maxSignInTries {
		account, err := s.signIn(ctx, user)
		if kind := KindOf(err); err == nil || (kind != KindNotFound && kind != KindUserExists) {
			return account, err
		}
	}
	return Account{}, Unavailable(errSignInContended)
}

var errSignInContended = errors.New("the account changed during every attempt to sign in")

// signIn is one attempt. KindNotFound and KindUserExists mean that another change came between.
func (s *Service) signIn(ctx context.Context, user ProvenUser) (Account, error) {
	id, err := s.store.FindUser(ctx, user.login().unique())
	if err == nil {
		return s.signInAs(ctx, id, user)
	}
	if KindOf(err) != KindNotFound {
		return Account{}, err
	}
	if user.Email != "" {
		id, err := s.store.FindUser(ctx, Profile{Email: user.Email}.Normal().emailKey())
		if err == nil {
			return s.signInAs(ctx, id, user)
		}
		if KindOf(err) != KindNotFound {
			return Account{}, err
		}
	}
	if !user.MayCreate {
		return Account{}, forbidden("You have no account here. Ask an administrator to create one.", nil)
	}
	return s.createProven(ctx, user)
}

// signInAs signs user in to the account with id, which has the user's login or address.
func (s *Service) signInAs(ctx context.Context, id UserID, user ProvenUser) (Account, error) {
	account, err := s.changeSignedIn(ctx, id, user, user.Admin)
	if KindOf(err) == KindLastAdmin {
		s.env.Log.WarnContext(ctx, "the last enabled Admin stays one without the provider's group of Admins", "user", id)
		return s.changeSignedIn(ctx, id, user, true)
	}
	return account, err
}

func (s *Service) changeSignedIn(ctx context.Context, id UserID, user ProvenUser, admin bool) (Account, error) {
	var signedIn Account
	err := s.change(ctx, id, func(account Account, _ time.Time) (Account, bool, error) {
		after, err := account.link(user)
		if err == nil && after.Disabled {
			err = Refused(ReasonDisabled, nil)
		}
		if err != nil {
			return Account{}, false, err
		}
		after = after.followGroup(admin)
		signedIn = after
		return after, after.SignIn != account.SignIn || after.Role != account.Role, nil
	})
	return signedIn, err
}

// link returns a with the user's login, which a has already or can get by the user's address. Errors: KindForbidden.
func (a Account) link(user ProvenUser) (Account, error) {
	login := user.login()
	switch {
	case a.SignIn.Login == login:
		return a, nil
	case user.Email == "" || a.Email != strings.ToLower(user.Email):
		return Account{}, NoUser(nil) // another change came between
	case a.SignIn.Login != "":
		return Account{}, forbidden("Another login is linked to the account with your email address. "+user.askToLink(a.ID), nil)
	case a.Role == Admin || a.Disabled || a.Type != UserAccount:
		return Account{}, forbidden("The account with your email address cannot be linked by the address alone. "+user.askToLink(a.ID), nil)
	}
	a.SignIn.Login = login
	return a, nil
}

// askToLink says how an operator links the user to the account with id.
func (u ProvenUser) askToLink(id UserID) string {
	return fmt.Sprintf("Ask an operator to run: pats user link %d --issuer %s --subject %s", id, shellQuoted(u.Issuer), shellQuoted(u.Subject))
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

func shellQuoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// followGroup returns a with the role that follows from whether the provider's group of Admins has the user.
func (a Account) followGroup(admin bool) Account {
	switch {
	case admin && a.Role != Admin:
		a.Role, a.SignIn.RoleBefore = Admin, a.Role
	case !admin && a.SignIn.RoleBefore != 0:
		if a.Role == Admin {
			a.Role = a.SignIn.RoleBefore
		}
		a.SignIn.RoleBefore = 0
	}
	return a
}

// createProven creates the account of user. Errors: KindForbidden if its username is taken, KindUserExists if its login or address is.
func (s *Service) createProven(ctx context.Context, user ProvenUser) (Account, error) {
	draft := Account{Profile: user.profile(), SignIn: SignIn{Login: user.login()}, CreatedAt: s.now(), NextTokenID: 1}
	account, err := s.store.CreateAccount(ctx, draft.followGroup(user.Admin))
	if KindOf(err) != KindUserExists || draft.Username == "" {
		return account, err
	}
	if _, found := s.store.FindUser(ctx, Profile{Username: draft.Username}.UniqueKeys()[0]); found == nil {
		return Account{}, forbidden(fmt.Sprintf("Another account has your username, %q. Ask an administrator.", draft.Username), err)
	}
	return account, err
}

// profile returns the profile of a new Viewer: with the address, or if the provider verified none, with a username. A text that breaks a
// rule is left out.
func (u ProvenUser) profile() Profile {
	profile := Profile{Email: u.Email, Name: u.Name, Role: Viewer}
	if u.Email == "" {
		profile.Username = u.Username
	}
	normal := profile.Normal()
	if (textRule{"The name", isFormat}).check(normal.Name) != nil {
		normal.Name = ""
	}
	if checkEmail(normal.Email) != nil {
		normal.Email = ""
	}
	if checkUsername(normal.Username) != nil || normal.Email == "" && normal.Username == "" {
		normal.Username = string(u.login())
	}
	return normal
}
