package main

import (
	"context"

	"pats/cmd/pats/failure"
)

type tokenShow struct {
	serverFlags
	presentFlag
}

// Help returns the end of `pats token show --help`.
func (*tokenShow) Help() string {
	return `Examples:
  pats token show --url http://127.0.0.1:3000 --token-file .pats/token`
}

// Run shows the token that is presented.
func (c *tokenShow) Run(ctx context.Context, e env, out *printer) error {
	if c.URL == "" {
		return failure.Misuse("--url URL is needed", "A store has no token presented: `pats token list --user ID` lists a user's tokens.")
	}
	server, err := c.server(ctx, e, out, c.TokenFile)
	if err != nil {
		return err
	}
	token, err := server.Show(ctx)
	if err != nil {
		return err
	}
	return out.print(token, table{
		{"Id", formatID(token.ID)},
		{"Description", token.Description},
		{"Created", formatTime(token.CreatedAt)},
		{"Expires", formatTime(token.ExpiresAt)},
		{"Last used", formatSeen(token.SeenAt)},
		{"Scopes", formatScopes(token.Scopes)},
	})
}
