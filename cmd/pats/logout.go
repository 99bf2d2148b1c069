package main

import (
	"context"
	"errors"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
)

type logoutCommand struct {
	serverFlags
}

// Help returns the end of `pats logout --help`.
func (*logoutCommand) Help() string {
	return `The file is removed once the server has revoked the token. Tokens in PATS_TOKEN and other files stay as they are.

Examples:
  pats logout --url http://127.0.0.1:3000`
}

// Run revokes the token in the login file and removes the file.
func (c *logoutCommand) Run(ctx context.Context, e env, out *printer) error {
	if c.URL == "" {
		return failure.Misuse("--url URL is needed", "PATS_URL sets it too.")
	}
	path, err := c.loginPath(e)
	if err != nil {
		return err
	}
	if !tokenfile.Exists(path) {
		return failure.New(failure.NotFound, "there is no login to this server to end", "`pats whoami` shows which token is presented.")
	}
	if err := c.revoke(ctx, path, out); err != nil {
		return err
	}
	if err := tokenfile.Remove(path); err != nil {
		return err
	}
	return out.print(struct {
		LoggedOut bool `json:"loggedOut"`
	}{true}, table{{"Logged out."}})
}

// revoke revokes the token in the login file. A file without a token, and a token that has ended, are no errors.
func (c *logoutCommand) revoke(ctx context.Context, path string, out *printer) error {
	secret, warning, err := tokenfile.Read(ctx, path)
	out.warn(warning)
	if err != nil {
		return ctx.Err()
	}
	server, err := target.NewServer(c.URL, secret, c.AllowHTTP)
	if err != nil {
		return err
	}
	err = server.Revoke(ctx, 0)
	if f, ok := errors.AsType[*failure.Error](err); ok && f.Code == failure.Refused {
		return nil
	}
	return err
}
