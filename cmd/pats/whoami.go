package main

import (
	"cmp"
	"context"
	"fmt"

	"pats/cmd/pats/failure"
	"pats/pkg/api/apitypes"
)

type whoamiCommand struct {
	serverFlags
	presentFlag
}

// Help returns the end of `pats whoami --help`.
func (*whoamiCommand) Help() string {
	return `Examples:
  pats whoami --url http://127.0.0.1:3000`
}

// identity is a user and the token that was presented.
type identity struct {
	User  apitypes.User  `json:"user"`
	Token apitypes.Token `json:"token"`
}

// Run shows the user and the token that is presented.
func (c *whoamiCommand) Run(ctx context.Context, e env, out *printer) error {
	if c.URL == "" {
		return failure.Misuse("--url URL is needed", "PATS_URL sets it too.")
	}
	server, err := c.server(ctx, e, out, c.TokenFile)
	if err != nil {
		return err
	}
	token, err := server.Show(ctx)
	if err != nil {
		return err
	}
	user, err := server.Self(ctx)
	if err != nil {
		return err
	}
	return out.print(identity{user, token}, identityRows(user, token))
}

func identityRows(user apitypes.User, token apitypes.Token) table {
	return table{
		{"User", fmt.Sprintf("%s (id %d)", cmp.Or(user.Username, user.Email, user.Name), user.ID)},
		{"Token", fmt.Sprintf("%s (id %d)", token.Description, token.ID)},
		{"Expires", formatTime(token.ExpiresAt)},
		{"Scopes", formatScopes(token.Scopes)},
	}
}
