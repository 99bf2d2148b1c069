package main

import (
	"context"
	"errors"
	"fmt"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

func (p *printer) user(account pat.Account) error {
	user := apitypes.NewUser(account)
	return p.print(user, table{
		{"Id", formatID(user.ID)},
		{"Type", user.AccountType},
		{"Username", user.Username},
		{"Name", user.Name},
		{"Email", user.Email},
		{"Role", user.RootRole.String()},
		{"State", userState(user)},
		{"Created", formatTime(user.CreatedAt)},
	})
}

func userState(user apitypes.User) string {
	if user.Disabled {
		return "disabled"
	}
	return "enabled"
}

// usersFlags are the flags of all user commands.
type usersFlags struct{ storeFlags }

// administer is withService, and refuses to ignore PATS_URL: there are no user commands for servers.
func (f usersFlags) administer(ctx context.Context, e env, typed typedFlags, a access, work func(*pat.Service) error) error {
	if e.getenv("PATS_URL") != "" && !typed.any(storeNames) {
		return failure.Misuse("PATS_URL is set, but the user commands do not work through a server",
			"Unset it or name a store: --data FOLDER while `pats serve` is stopped, or --store dynamodb --table NAME.\n"+
				"On a server, an Admin manages users with the HTTP API: /api/admin/user-admin.")
	}
	return f.withService(ctx, e, typed, a, work)
}

// roleFlag is the value of --role.
type roleFlag struct{ pat.Role }

// UnmarshalText parses a role's name in any case. It implements encoding.TextUnmarshaler.
func (r *roleFlag) UnmarshalText(text []byte) error {
	role, err := pat.ParseRole(string(text))
	if err != nil {
		return errors.New("must be admin, editor or viewer")
	}
	r.Role = role
	return nil
}

type userCreate struct {
	Username string   `placeholder:"NAME" help:"Username, unique. Required without --email."`
	Email    string   `placeholder:"ADDRESS" help:"Email address, unique. Required without --username."`
	Name     string   `placeholder:"NAME" help:"Display name."`
	Role     roleFlag `default:"viewer" placeholder:"admin|editor|viewer" help:"Root role (default: viewer)."`
	Service  bool     `help:"Create a service account, for a program. Requires --username. Create its tokens with: pats token create --user ID."`
	usersFlags
}

// Help returns the end of `pats user create --help`.
func (*userCreate) Help() string {
	return `Examples:
  pats user create --username ada --role admin
  pats user create --service --username deployments --name Deployments
  pats user create --store dynamodb --table pats-Table-1ABC --email ada@example.org --output json`
}

// Run creates the user.
func (c *userCreate) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	profile := pat.Profile{Username: c.Username, Name: c.Name, Email: c.Email, Role: c.Role.Role}
	if c.Service && (c.Username == "" || c.Email != "") {
		return failure.Misuse("a service account has a username and no email address", "Name it with --username, and leave out --email.")
	}
	return c.administer(ctx, e, typed, access{create: true}, func(service *pat.Service) error {
		create := service.CreateUser
		if c.Service {
			create = service.CreateServiceAccount
		}
		account, err := create(ctx, profile)
		if err != nil {
			return err
		}
		return out.user(account)
	})
}

type userList struct {
	After pat.UserID `placeholder:"ID" help:"List only users with a larger id, to continue an earlier list."`
	Limit int        `placeholder:"COUNT" help:"Maximum number of users (default: no maximum)."`
	usersFlags
}

// Help returns the end of `pats user list --help`.
func (*userList) Help() string {
	return `Examples:
  pats user list
  pats user list --after 200 --limit 100 --output json`
}

// Run lists the users.
func (c *userList) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if c.After < 0 || c.Limit < 0 {
		return failure.Misuse("--after and --limit must not be negative", "")
	}
	return c.administer(ctx, e, typed, access{}, func(service *pat.Service) error {
		users, err := c.read(ctx, service)
		if err != nil {
			return err
		}
		return out.users(users)
	})
}

// pageSize is the number of users in one read of the store.
const pageSize = 200

func (c *userList) read(ctx context.Context, service *pat.Service) ([]pat.Account, error) {
	var users []pat.Account
	for after := c.After; ; after = users[len(users)-1].ID {
		want := pageSize
		if c.Limit > 0 {
			want = min(want, c.Limit-len(users))
		}
		if want == 0 {
			return users, nil
		}
		page, err := service.Users(ctx, after, want)
		if err != nil {
			return nil, err
		}
		users = append(users, page...)
		if len(page) < want {
			return users, nil
		}
	}
}

func (p *printer) users(accounts []pat.Account) error {
	body := struct {
		Users []apitypes.User `json:"users"`
	}{apitypes.NewUsers(accounts)}
	rows := table{{"ID", "TYPE", "USERNAME", "NAME", "EMAIL", "ROLE", "STATE", "CREATED"}}
	for _, u := range body.Users {
		rows = append(rows, []string{formatID(u.ID), u.AccountType, u.Username, u.Name, u.Email, u.RootRole.String(), userState(u), formatTime(u.CreatedAt)})
	}
	return p.print(body, rows)
}

// changeFlags are the flags of commands that change a user, which drops the user's expired tokens after the retention.
type changeFlags struct {
	usersFlags
	retentionFlag
}

type userDisable struct {
	ID pat.UserID `arg:"" name:"user-id" help:"The user's id, as in the list."`
	changeFlags
}

// Help returns the end of `pats user disable --help`.
func (*userDisable) Help() string {
	return `Example:
  pats user disable 2`
}

// Run disables the user.
func (c *userDisable) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	return c.setDisabled(ctx, e, out, typed, c.ID, true)
}

type userEnable struct {
	ID pat.UserID `arg:"" name:"user-id" help:"The user's id, as in the list."`
	changeFlags
}

// Help returns the end of `pats user enable --help`.
func (*userEnable) Help() string {
	return `Example:
  pats user enable 2`
}

// Run enables the user.
func (c *userEnable) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	return c.setDisabled(ctx, e, out, typed, c.ID, false)
}

func (f changeFlags) setDisabled(ctx context.Context, e env, out *printer, typed typedFlags, id pat.UserID, disabled bool) error {
	retention, err := f.retention()
	if err != nil {
		return err
	}
	return f.administer(ctx, e, typed, access{settings: pat.Settings{Retention: retention}}, func(service *pat.Service) error {
		account, err := service.UpdateUser(ctx, id, func(profile *pat.Profile) { profile.Disabled = disabled })
		if err != nil {
			return err
		}
		return out.user(account)
	})
}

type userDelete struct {
	ID pat.UserID `arg:"" name:"user-id" help:"The user's id, as in the list. No other user gets it later."`
	usersFlags
}

// Help returns the end of `pats user delete --help`.
func (*userDelete) Help() string {
	return `Example:
  pats user delete 2`
}

// Run deletes the user.
func (c *userDelete) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	return c.administer(ctx, e, typed, access{}, func(service *pat.Service) error {
		if err := service.DeleteUser(ctx, c.ID); err != nil {
			return err
		}
		body := struct {
			ID pat.UserID `json:"id"`
		}{c.ID}
		return out.print(body, table{{fmt.Sprintf("User %d and all of the user's tokens deleted.", c.ID)}})
	})
}
