package main

import (
	"context"
	"fmt"
	"strconv"

	"pats/pkg/pat"
)

// userView is a user as answers show it, with the names of Unleash's user schema; disabled is this service's own.
type userView struct {
	ID        pat.UserID `json:"id"`
	Username  string     `json:"username,omitempty"`
	Name      string     `json:"name,omitempty"`
	Email     string     `json:"email,omitempty"`
	RootRole  pat.Role   `json:"rootRole"`
	Disabled  bool       `json:"disabled"`
	CreatedAt stamp      `json:"createdAt"`
}

func viewUser(account pat.Account) userView {
	return userView{
		ID:        account.ID,
		Username:  account.Username,
		Name:      account.Name,
		Email:     account.Email,
		RootRole:  account.Role,
		Disabled:  account.Disabled,
		CreatedAt: stamp{account.CreatedAt},
	}
}

func (u userView) state() string {
	if u.Disabled {
		return "disabled"
	}
	return "enabled"
}

func (a *app) answerUser(account pat.Account) error {
	user := viewUser(account)
	return a.answer(user, table{
		{"Id", formatID(user.ID)},
		{"Username", user.Username},
		{"Name", user.Name},
		{"Email", user.Email},
		{"Role", user.RootRole.String()},
		{"State", user.state()},
		{"Created", user.CreatedAt.text()},
	})
}

func formatID[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }

// administer is withService for the user commands, which do not work through a server.
func (a *app) administer(ctx context.Context, mayCreate bool, work func(*pat.Service) error) error {
	if a.isRemote() {
		return usage("the user commands work on a store, not through a server",
			"Leave out --url (and PATS_URL): stop `pats serve` and use --data FOLDER, or for a deployed stack use\n"+
				"--store dynamodb --table NAME. A server takes an Admin's requests at /api/admin/user-admin instead.")
	}
	return a.withService(ctx, mayCreate, work)
}

type userCreate struct {
	Username string `placeholder:"NAME" help:"Name to log in by, unique among users. Either this or --email is needed."`
	Name     string `placeholder:"NAME" help:"Name for people to read."`
	Email    string `placeholder:"ADDRESS" help:"Email address, unique among users."`
	Role     string `default:"viewer" enum:"admin,editor,viewer" placeholder:"admin|editor|viewer" help:"Root role (default: viewer)."`
}

// Help is what `pats user create --help` ends with.
func (*userCreate) Help() string {
	return `Examples:
  pats user create --username ada --role admin
  pats user create --store dynamodb --table pats-Table-1ABC --email ada@example.org --output json`
}

// Run makes the user.
func (c *userCreate) Run(ctx context.Context, a *app) error {
	role, err := pat.ParseRole(c.Role)
	if err != nil {
		return err
	}
	profile := pat.Profile{Username: c.Username, Name: c.Name, Email: c.Email, Role: role}
	return a.administer(ctx, true, func(service *pat.Service) error {
		account, err := service.CreateUser(ctx, profile)
		if err != nil {
			return err
		}
		return a.answerUser(account)
	})
}

type userList struct {
	After pat.UserID `placeholder:"ID" help:"Only users with a larger id, to go on where an earlier list ended."`
	Limit int        `placeholder:"COUNT" help:"At most so many users (default: all of them)."`
}

// Run lists the users.
func (c *userList) Run(ctx context.Context, a *app) error {
	if c.After < 0 || c.Limit < 0 {
		return usage("--after and --limit must be 0 or more", "")
	}
	return a.administer(ctx, false, func(service *pat.Service) error {
		users, err := c.read(ctx, service)
		if err != nil {
			return err
		}
		return a.answerUsers(users)
	})
}

// pageSize is how many users one call of the store reads.
const pageSize = 200

func (c *userList) read(ctx context.Context, service *pat.Service) ([]userView, error) {
	users := []userView{}
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
		for _, account := range page {
			users = append(users, viewUser(account))
		}
		if len(page) < want {
			return users, nil
		}
	}
}

func (a *app) answerUsers(users []userView) error {
	rows := table{{"ID", "USERNAME", "NAME", "EMAIL", "ROLE", "STATE", "CREATED"}}
	for _, u := range users {
		rows = append(rows, []string{formatID(u.ID), u.Username, u.Name, u.Email, u.RootRole.String(), u.state(), u.CreatedAt.text()})
	}
	body := struct {
		Users []userView `json:"users"`
	}{users}
	return a.answer(body, rows)
}

type userDisable struct {
	ID pat.UserID `arg:"" help:"The user's id."`
}

// Run disables the user.
func (c *userDisable) Run(ctx context.Context, a *app) error { return a.setDisabled(ctx, c.ID, true) }

type userEnable struct {
	ID pat.UserID `arg:"" help:"The user's id."`
}

// Run enables the user.
func (c *userEnable) Run(ctx context.Context, a *app) error { return a.setDisabled(ctx, c.ID, false) }

func (a *app) setDisabled(ctx context.Context, id pat.UserID, disabled bool) error {
	return a.administer(ctx, false, func(service *pat.Service) error {
		account, err := service.UpdateUser(ctx, id, func(profile *pat.Profile) { profile.Disabled = disabled })
		if err != nil {
			return err
		}
		return a.answerUser(account)
	})
}

type userDelete struct {
	ID pat.UserID `arg:"" help:"The user's id. It is never given to another user."`
}

// Run deletes the user.
func (c *userDelete) Run(ctx context.Context, a *app) error {
	return a.administer(ctx, false, func(service *pat.Service) error {
		if err := service.DeleteUser(ctx, c.ID); err != nil {
			return err
		}
		body := struct {
			ID pat.UserID `json:"id"`
		}{c.ID}
		return a.answer(body, table{{fmt.Sprintf("Deleted user %d and every token of this user.", c.ID)}})
	})
}
