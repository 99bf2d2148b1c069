package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

type tokenCreate struct {
	tokensFlags
	mintFlags
	Description string   `required:"" placeholder:"TEXT" help:"Purpose of the token, unique among the user's tokens."`
	Expires     expiry   `default:"90d" placeholder:"90d|12h|TIME" help:"Expiry of the token: a number of days or hours from now, or a time such as 2027-01-31T12:00:00Z (default: 90d)."`
	Scope       []string `placeholder:"NAME" help:"Scope that the token has, such as pats:read. Repeatable, or a list with commas. Scopes narrow what the user may do and never add to it (default: the token acts as its user)."`
	TokenFile   string   `placeholder:"FILE" help:"With a store, write the token to FILE, readable only by you, instead of printing it. With --url, present the token in FILE (default: the token in PATS_TOKEN, or of pats login)."`
}

// Help returns the end of `pats token create --help`.
func (*tokenCreate) Help() string {
	return `Examples:
  pats token create --user 1 --description laptop
  pats token create --user 1 --description ci --expires 12h --token-file ci.token
  pats token create --user 1 --description report --scope orders:read --scope pats:read --scope-catalog orders:read,orders:write@Editor
  pats token create --url http://127.0.0.1:3000 --token-file .pats/token --description deploy`
}

// Run creates the token, and prints it or writes it to a file.
func (c *tokenCreate) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	onServer, err := c.onServer(typed)
	if err != nil {
		return err
	}
	draft, err := c.draft(e, typed)
	if err != nil {
		return err
	}
	if onServer {
		if err := refuseOnServer(typed, "scope-catalog", "token-prefix"); err != nil {
			return err
		}
		server, err := c.server(ctx, e, out, c.TokenFile)
		if err != nil {
			return err
		}
		return createAndPrint(ctx, server, draft, out)
	}
	settings, err := c.mint()
	if err != nil {
		return err
	}
	err = c.withUser(ctx, e, typed, settings, func(tokens target.Tokens) error {
		if c.TokenFile != "" {
			return createInFile(ctx, tokens, draft, c.TokenFile, out)
		}
		return createAndPrint(ctx, tokens, draft, out)
	})
	return c.advise(err)
}

// advise adds to an invalid token's failure where a store's scopes come from, if the command line does not say.
func (c *tokenCreate) advise(err error) error {
	if len(c.Scope) == 0 || c.ScopeCatalog != "" || pat.KindOf(err) != pat.KindInvalid {
		return err
	}
	f := target.Explain(err)
	f.Advice = "With a store, --scope-catalog or SCOPES lists the scopes of other APIs, as the stack's parameter Scopes."
	return f
}

// draft returns the token to create. Only a command line without --scope means one that acts as its user: an empty value, as an
// unset shell variable leaves it, is an error. Errors: failure.Usage.
func (c *tokenCreate) draft(e env, typed typedFlags) (pat.Draft, error) {
	draft := pat.Draft{Description: c.Description, Scopes: pat.Unscoped(), ExpiresAt: c.Expires.from(e.now())}
	if !typed["scope"] {
		return draft, nil
	}
	scopes, err := pat.NewScopes(c.Scope)
	if err != nil {
		return pat.Draft{}, failure.Misuse("--scope: "+err.Error(), "")
	}
	draft.Scopes = scopes
	return draft, nil
}

func createAndPrint(ctx context.Context, tokens target.Tokens, draft pat.Draft, out *printer) error {
	_, err := createAndDeliver(ctx, tokens, draft, func(created apitypes.CreatedToken) error {
		return out.print(created, append(createdRows(created.Token), []string{"Token", created.Secret}))
	})
	if err == nil {
		out.note("Keep the token: it cannot be shown again.")
	}
	return err
}

func createInFile(ctx context.Context, tokens target.Tokens, draft pat.Draft, path string, out *printer) error {
	file, err := tokenfile.Create(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	created, err := createAndDeliver(ctx, tokens, draft, func(created apitypes.CreatedToken) error {
		return publish(file, created.Secret)
	})
	if err != nil {
		return err
	}
	out.note("The token is in %s.", path)
	return out.print(created.Token, createdRows(created.Token))
}

func createdRows(token apitypes.Token) table {
	rows := table{
		{"Id", formatID(token.ID)},
		{"Description", token.Description},
		{"Expires", formatTime(token.ExpiresAt)},
	}
	if token.Scopes != nil {
		rows = append(rows, []string{"Scopes", formatScopes(token.Scopes)})
	}
	return rows
}

// revokeTimeout bounds the revocation of a token that could not be delivered.
const revokeTimeout = 30 * time.Second

// createAndDeliver creates a token and calls deliver with it. If deliver fails, it revokes the token, whose secret would be lost.
func createAndDeliver(ctx context.Context, tokens target.Tokens, draft pat.Draft, deliver func(apitypes.CreatedToken) error) (apitypes.CreatedToken, error) {
	created, err := tokens.Create(ctx, draft)
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	if err := deliver(created); err != nil {
		return apitypes.CreatedToken{}, revokeUndelivered(ctx, tokens, created.ID, err)
	}
	return created, nil
}

// revokeUndelivered revokes the token, even if ctx is done, and returns the failure to deliver it because of cause.
func revokeUndelivered(ctx context.Context, tokens target.Tokens, id pat.TokenID, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if err := tokens.Revoke(ctx, id); err != nil {
		return &failure.Error{
			Code:    failure.Failed,
			Message: fmt.Sprintf("token %d could not be delivered (%v), nor revoked (%v)", id, cause, err),
			Advice:  fmt.Sprintf("It is valid, and its secret is lost. Revoke it: `pats token revoke %d`.", id),
			Err:     errors.Join(cause, err),
		}
	}
	return &failure.Error{
		Code:    failure.Failed,
		Message: fmt.Sprintf("token %d could not be delivered and was revoked: %v", id, cause),
		Err:     cause,
	}
}
