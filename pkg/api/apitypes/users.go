package apitypes

import "pats/pkg/pat"

// User is a user, without the members of Unleash's that pats has no values for.
type User struct {
	// AccountType is "User", or "Service" for a service account.
	AccountType string     `json:"accountType"`
	ID          pat.UserID `json:"id"`
	Name        string     `json:"name,omitempty"`
	Username    string     `json:"username,omitempty"`
	Email       string     `json:"email,omitempty"`
	// CreatedAt is absent in search results.
	CreatedAt Time `json:"createdAt,omitzero"`
	// RootRole is 1 (Admin), 2 (Editor) or 3 (Viewer). It is absent in [Self] and in search results.
	RootRole pat.Role `json:"rootRole,omitempty"`
	// Disabled is not in Unleash's schema. It is absent for an enabled user.
	Disabled bool `json:"disabled,omitempty"`
}

// NewUser returns the JSON of account.
func NewUser(account pat.Account) User {
	return User{
		AccountType: account.Type.String(),
		ID:          account.ID,
		Name:        account.Name,
		Username:    account.Username,
		Email:       account.Email,
		CreatedAt:   Time{account.CreatedAt},
		RootRole:    account.Role,
		Disabled:    account.Disabled,
	}
}

// NewUsers returns the JSON of accounts. No accounts become an empty array.
func NewUsers(accounts []pat.Account) []User {
	users := make([]User, 0, len(accounts))
	for _, account := range accounts {
		users = append(users, NewUser(account))
	}
	return users
}

// CreatedUser is the response to creating a user.
type CreatedUser struct {
	User
	// EmailSent is always false: pats sends no email.
	EmailSent bool `json:"emailSent"`
}

// UserList is a page of users and the roles that a user can have.
type UserList struct {
	Users     []User `json:"users"`
	RootRoles []Role `json:"rootRoles"`
}

// NewUserList returns the JSON of accounts.
func NewUserList(accounts []pat.Account) UserList {
	return UserList{Users: NewUsers(accounts), RootRoles: rootRoles()}
}

// NewFoundUsers returns the JSON of accounts that a search found, with the members that Unleash has there.
func NewFoundUsers(accounts []pat.Account) []User {
	users := NewUsers(accounts)
	for i := range users {
		users[i].CreatedAt, users[i].RootRole = Time{}, 0
	}
	return users
}

// AdminCount is the number of enabled Admins. As there are no passwords, NoPassword has all persons.
type AdminCount struct {
	Password   int `json:"password"`
	NoPassword int `json:"noPassword"`
	Service    int `json:"service"`
}

// Role is a root role.
type Role struct {
	ID   pat.Role `json:"id"`
	Name string   `json:"name"`
	// Type is always "root".
	Type        string `json:"type"`
	Description string `json:"description"`
}

func rootRoles() []Role {
	role := func(id pat.Role, description string) Role {
		return Role{ID: id, Name: id.String(), Type: "root", Description: description}
	}
	return []Role{
		role(pat.Admin, "Manages users and their own tokens."),
		role(pat.Editor, "Manages their own tokens."),
		role(pat.Viewer, "Manages their own tokens."),
	}
}

// Self is the caller and the caller's permissions.
type Self struct {
	// User is a [User], or an [AdminTokenUser] for the holder of the admin API token.
	User        any          `json:"user"`
	Permissions []Permission `json:"permissions"`
	// Feedback and Splash are always empty.
	Feedback []struct{} `json:"feedback"`
	Splash   struct{}   `json:"splash"`
}

// Permission is the name of a permission. The only one is ADMIN.
type Permission struct {
	Permission string `json:"permission"`
}

// AdminTokenUser stands for the holder of the admin API token, who is not a user.
type AdminTokenUser struct {
	Username string `json:"username"`
	Type     string `json:"type"`
}

// NewSelf returns the JSON of a user who calls with one of their tokens. As in Unleash it has no root role. The permission ADMIN is
// listed only if the token has [pat.ScopeUsersWrite], which is as good as ADMIN: a client that finds it must be able to use it.
func NewSelf(holder pat.Holder) Self {
	user := NewUser(holder.Account)
	user.RootRole = 0
	return newSelf(user, holder.Account.EnabledAdmin() && holder.Token.Scopes.Allow(pat.ScopeUsersWrite))
}

// NewAdminTokenSelf returns the JSON of the holder of the admin API token.
func NewAdminTokenSelf() Self {
	return newSelf(AdminTokenUser{Username: "admin", Type: "admin"}, true)
}

func newSelf(user any, admin bool) Self {
	permissions := []Permission{}
	if admin {
		permissions = append(permissions, Permission{"ADMIN"})
	}
	return Self{User: user, Permissions: permissions, Feedback: []struct{}{}}
}
