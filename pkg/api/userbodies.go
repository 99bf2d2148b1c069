package api

import "pats/pkg/pat"

// userBody is a user, with the members of Unleash's that this service has, in its order.
type userBody struct {
	AccountType string     `json:"accountType"`
	ID          pat.UserID `json:"id"`
	Name        string     `json:"name,omitempty"`
	Username    string     `json:"username,omitempty"`
	Email       string     `json:"email,omitempty"`
	CreatedAt   *string    `json:"createdAt"`
	RootRole    pat.Role   `json:"rootRole,omitempty"`
	// Disabled is this service's own; it is there only for a disabled user.
	Disabled bool `json:"disabled,omitempty"`
}

func newUserBody(account pat.Account) userBody {
	return userBody{
		AccountType: "User",
		ID:          account.ID,
		Name:        account.Name,
		Username:    account.Username,
		Email:       account.Email,
		CreatedAt:   timestamp(account.CreatedAt),
		RootRole:    account.Role,
		Disabled:    account.Disabled,
	}
}

// userCreatedBody says, as Unleash does, that no mail went out; there are no invitations.
type userCreatedBody struct {
	userBody
	EmailSent bool `json:"emailSent"`
}

func newUserCreatedBody(account pat.Account) userCreatedBody {
	return userCreatedBody{userBody: newUserBody(account)}
}

type usersBody struct {
	Users     []userBody `json:"users"`
	RootRoles []roleBody `json:"rootRoles"`
}

type roleBody struct {
	ID          pat.Role `json:"id"`
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Description string   `json:"description"`
}

func newUsersBody(accounts []pat.Account) usersBody {
	body := usersBody{Users: make([]userBody, 0, len(accounts)), RootRoles: rootRoles()}
	for _, account := range accounts {
		body.Users = append(body.Users, newUserBody(account))
	}
	return body
}

func rootRoles() []roleBody {
	role := func(r pat.Role, description string) roleBody {
		return roleBody{ID: r, Name: r.String(), Type: "root", Description: description}
	}
	return []roleBody{
		role(pat.Admin, "Administers users, besides the own tokens."),
		role(pat.Editor, "Has the own tokens."),
		role(pat.Viewer, "Has the own tokens."),
	}
}

// selfBody is the caller, and what the caller may do.
type selfBody struct {
	User        any              `json:"user"`
	Permissions []permissionBody `json:"permissions"`
	Feedback    []struct{}       `json:"feedback"`
	Splash      struct{}         `json:"splash"`
}

type permissionBody struct {
	Permission string `json:"permission"`
}

func newSelfBody(account pat.Account) selfBody {
	user := newUserBody(account)
	user.RootRole = 0 // Unleash leaves it out here
	return selfBody{User: user, Permissions: permissions(account.EnabledAdmin()), Feedback: []struct{}{}}
}

// adminSelfBody is the holder of the admin API token. Unleash answers with the token itself; this does not.
func adminSelfBody() selfBody {
	user := struct {
		Username string `json:"username"`
		Type     string `json:"type"`
	}{"admin", "admin"}
	return selfBody{User: user, Permissions: permissions(true), Feedback: []struct{}{}}
}

func permissions(admin bool) []permissionBody {
	if !admin {
		return []permissionBody{}
	}
	return []permissionBody{{"ADMIN"}}
}
