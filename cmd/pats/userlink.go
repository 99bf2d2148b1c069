package main

import (
	"context"
	"fmt"

	"pats/cmd/pats/failure"
	"pats/pkg/pat"
)

type userLink struct {
	ID      pat.UserID `arg:"" name:"user-id" help:"The user's id, as in the list."`
	Issuer  string     `required:"" placeholder:"URL" help:"Issuer of the identity provider, as in the parameter OidcIssuer."`
	Subject string     `required:"" placeholder:"SUB" help:"The person's subject there: the claim sub."`
	changeFlags
}

// Help returns the end of `pats user link --help`.
func (*userLink) Help() string {
	return `The person can then sign in to this account. Another login of the account is replaced, and its sessions end. The page that
refuses a sign-in shows the person's issuer and subject.

Example:
  pats user link 2 --issuer https://id.example.com --subject 248289761001`
}

// Run links the login.
func (c *userLink) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if c.Issuer == "" || c.Subject == "" {
		return failure.Misuse("--issuer and --subject must not be empty", "")
	}
	return c.changeLogin(ctx, e, typed, func(service *pat.Service) error {
		if _, err := service.LinkLogin(ctx, c.ID, c.Issuer, c.Subject); err != nil {
			return err
		}
		return out.login(c.ID, fmt.Sprintf("User %d can sign in as %s at %s.", c.ID, c.Subject, c.Issuer))
	})
}

type userUnlink struct {
	ID pat.UserID `arg:"" name:"user-id" help:"The user's id, as in the list."`
	changeFlags
}

// Help returns the end of `pats user unlink --help`.
func (*userUnlink) Help() string {
	return `The user's sessions end; tokens keep working. An account that is not an Admin's is linked again when the person signs in with the
verified email address of the account. Disable the user to prevent that.

Example:
  pats user unlink 2`
}

// Run removes the login.
func (c *userUnlink) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	return c.changeLogin(ctx, e, typed, func(service *pat.Service) error {
		if _, err := service.UnlinkLogin(ctx, c.ID); err != nil {
			return err
		}
		return out.login(c.ID, fmt.Sprintf("Login of user %d removed.", c.ID))
	})
}

func (f changeFlags) changeLogin(ctx context.Context, e env, typed typedFlags, change func(*pat.Service) error) error {
	retention, err := f.retention()
	if err != nil {
		return err
	}
	return f.administer(ctx, e, typed, access{settings: pat.Settings{Retention: retention}}, change)
}

// login prints the result of a change of a user's login.
func (p *printer) login(id pat.UserID, text string) error {
	body := struct {
		ID pat.UserID `json:"id"`
	}{id}
	return p.print(body, table{{text}})
}
