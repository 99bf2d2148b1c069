package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// tokensFlags choose the tokens that a command works on: a user's in a store, or the caller's on a server.
type tokensFlags struct {
	User pat.UserID `placeholder:"ID" help:"User whose tokens they are. Required with a store, unless --all is given; a server knows the user by the token presented."`
	storeFlags
	retentionFlag
	limitFlags
	serverFlags
}

// serverFlags name a server.
type serverFlags struct {
	URL       string `name:"url" placeholder:"URL" group:"server" from:"PATS_URL" help:"Base address of a server. The token to present is in PATS_TOKEN or a file, or from pats login."`
	AllowHTTP bool   `name:"allow-http" group:"server" help:"Send the token unencrypted if --url is an http address of another machine."`
}

// server returns the server that --url names, to which the token in tokenFile is presented, or else that of tokenPath.
func (f serverFlags) server(ctx context.Context, e env, out *printer, tokenFile string) (*target.Server, error) {
	path, err := f.tokenPath(e, tokenFile)
	if err != nil {
		return nil, err
	}
	token, err := presented(ctx, e, out, path)
	if err != nil {
		return nil, err
	}
	return target.NewServer(f.URL, token, f.AllowHTTP)
}

// tokenPath returns the path of the file with the token to present: tokenFile, or "" if PATS_TOKEN contains the token, or else the
// login file of the server. Errors: failure.Usage if there is none of them.
func (f serverFlags) tokenPath(e env, tokenFile string) (string, error) {
	if tokenFile != "" || e.getenv(tokenVariable) != "" {
		return tokenFile, nil
	}
	path, err := f.loginPath(e)
	if err != nil {
		return "", err
	}
	if !tokenfile.Exists(path) {
		return "", failure.Misuse("there is no token to present to the server",
			"Run `pats login --url "+quote(f.URL)+"`, set PATS_TOKEN, or name a file that contains a token: --token-file FILE.")
	}
	return path, nil
}

// loginPath returns the path of the login file of the server. Errors: failure.Usage, failure.Failed.
func (f serverFlags) loginPath(e env) (string, error) {
	base, err := target.ParseURL(f.URL)
	if err != nil {
		return "", err
	}
	folder, err := e.configFolder()
	if err != nil {
		return "", failure.New(failure.Failed, "there is no folder for the login file: "+err.Error(), "Set HOME, or use PATS_TOKEN or --token-file.")
	}
	return tokenfile.LoginPath(folder, base), nil
}

// tokenVariable is the environment variable that contains a token to present.
const tokenVariable = "PATS_TOKEN"

// presentFlag names the file with the token to present to a server.
type presentFlag struct {
	TokenFile string `placeholder:"FILE" group:"server" help:"Present the token in FILE to the server (default: the token in PATS_TOKEN, or of pats login)."`
}

// check refuses a token to present where there is no server.
func (f presentFlag) check(server bool) error {
	if f.TokenFile != "" && !server {
		return failure.Misuse("--token-file names the token to present to a server", "Add --url URL, or leave it out to work on the store.")
	}
	return nil
}

// onServer reports whether the command works through a server. Flags on the command line take precedence over the environment.
func (f tokensFlags) onServer(typed typedFlags) (bool, error) {
	for _, flag := range storeNames {
		switch {
		case !typed[flag]:
		case typed["url"]:
			return false, failure.Misuse(fmt.Sprintf("--url and --%s exclude each other", flag), "A command works on a store or through a server.")
		default:
			return false, nil
		}
	}
	return f.URL != "", nil
}

// withUser calls work with the user's tokens in the store. Commands that create no token need no settings; the retention is a flag.
func (f tokensFlags) withUser(ctx context.Context, e env, typed typedFlags, settings pat.Settings, work func(target.Tokens) error) error {
	if f.User == 0 {
		return failure.Misuse("--user ID is needed", "`pats user list` lists the ids.")
	}
	settings, err := f.settings(settings)
	if err != nil {
		return err
	}
	return f.withService(ctx, e, typed, access{settings: settings}, func(service *pat.Service) error {
		return work(target.UserTokens(service, f.User))
	})
}

// settings returns settings with the retention and the limits. Errors: failure.Usage.
func (f tokensFlags) settings(settings pat.Settings) (pat.Settings, error) {
	retention, err := f.retention()
	if err != nil {
		return pat.Settings{}, err
	}
	settings.Retention = retention
	return f.apply(settings)
}

// server returns the server for the tokens of its caller.
func (f tokensFlags) server(ctx context.Context, e env, out *printer, tokenFile string) (*target.Server, error) {
	if f.User != 0 {
		return nil, failure.Misuse("--user cannot be used with --url or PATS_URL", "A server lists only the caller's own tokens. Leave out --user, or work on a store.")
	}
	return f.serverFlags.server(ctx, e, out, tokenFile)
}

// presented returns the token to present. It is never an argument: everyone on the machine can see those.
func presented(ctx context.Context, e env, out *printer, tokenFile string) (string, error) {
	if tokenFile != "" {
		token, warning, err := tokenfile.Read(ctx, tokenFile)
		out.warn(warning)
		return token, err
	}
	token := strings.TrimSpace(e.getenv(tokenVariable))
	if !tokenfile.IsPlain(token) {
		return "", failure.Misuse("PATS_TOKEN does not contain a token to present to the server", "Set it, or name a file that contains the token: --token-file .pats/token.")
	}
	return token, nil
}

// withTokens calls work with the tokens in the store or on the server.
func (f tokensFlags) withTokens(ctx context.Context, e env, out *printer, typed typedFlags, present presentFlag, work func(target.Tokens) error) error {
	onServer, err := f.onServer(typed)
	if err != nil {
		return err
	}
	if err := present.check(onServer); err != nil {
		return err
	}
	if !onServer {
		return f.withUser(ctx, e, typed, pat.Settings{}, work)
	}
	server, err := f.server(ctx, e, out, present.TokenFile)
	if err != nil {
		return err
	}
	return work(server)
}

type tokenList struct {
	All bool `help:"List the tokens of all users, or with --user of that one. With --url, the token presented must be an Admin's."`
	filterFlags
	tokensFlags
	presentFlag
}

// Help returns the end of `pats token list --help`.
func (*tokenList) Help() string {
	return `Examples:
  pats token list --user 1
  pats token list --url http://127.0.0.1:3000 --token-file .pats/token
  pats token list --all --unused-since 90d --state active
  pats token list --all --expires-before 14d --output csv >tokens.csv`
}

// Run lists the tokens.
func (c *tokenList) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	filter, err := c.filter(e.now(), c.User)
	if err != nil {
		return err
	}
	if c.All {
		return c.withAllTokens(ctx, e, out, typed, c.presentFlag, func(all target.AllTokens) error {
			return listAll(ctx, all, filter, newTokenWriter(out, e.now()), newPace(e.now, out))
		})
	}
	if err := c.needAll(typed); err != nil {
		return err
	}
	return c.withTokens(ctx, e, out, typed, c.presentFlag, func(tokens target.Tokens) error {
		list, err := tokens.List(ctx)
		if err != nil {
			return err
		}
		return out.tokens(list, e.now())
	})
}

func (p *printer) tokens(list apitypes.TokenList, now time.Time) error {
	rows := table{{"ID", "DESCRIPTION", "CREATED", "EXPIRES", "LAST USED", "STATE", "SCOPES"}}
	for _, t := range list.Pats {
		rows = append(rows, []string{
			formatID(t.ID), t.Description, formatTime(t.CreatedAt), formatTime(t.ExpiresAt), formatSeen(t.SeenAt),
			tokenState(t, now), formatScopes(t.Scopes),
		})
	}
	return p.print(list, rows)
}

func tokenState(token apitypes.Token, now time.Time) string {
	if (pat.Token{ExpiresAt: token.ExpiresAt.Time}).ExpiredAt(now) {
		return "expired"
	}
	return "valid"
}

type tokenRevoke struct {
	ID          pat.TokenID `arg:"" optional:"" name:"token-id" help:"The token's id, as in the list. With --url, leave it out to revoke the token presented."`
	All         bool        `help:"Show which tokens of all users, or with --user of that one, would be revoked, and with --yes revoke them. Needs --user or a filter."`
	Yes         bool        `help:"With --all or --from-file: revoke the tokens."`
	FromFile    string      `placeholder:"FILE" help:"Show which of the leaked tokens in FILE would be revoked, and with --yes revoke them and all that were created with them. FILE has one token a line, or is a report of gitleaks in JSON. - reads standard input."`
	Descendants bool        `help:"Also revoke every token that was created with this one, with one of those, and so on, even if this one is gone already."`
	filterFlags
	tokensFlags
	presentFlag
}

// Help returns the end of `pats token revoke --help`.
func (*tokenRevoke) Help() string {
	return `Examples:
  pats token revoke 2 --user 1
  pats token revoke 2 --user 1 --descendants
  pats token revoke 2 --url http://127.0.0.1:3000 --token-file .pats/token
  pats token revoke --url http://127.0.0.1:3000 --token-file leaked.token --descendants
  pats token revoke --all --user 2
  pats token revoke --all --unused-since 90d --yes
  gitleaks git --report-format json --report-path - . | pats token revoke --from-file - --yes`
}

// Run revokes the token.
func (c *tokenRevoke) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	switch {
	case c.FromFile != "":
		return c.revokeLeaked(ctx, e, out, typed)
	case c.All:
		return c.revokeAll(ctx, e, out, typed)
	}
	if err := c.needAll(typed, "yes"); err != nil {
		return err
	}
	onServer, err := c.onServer(typed)
	if err != nil {
		return err
	}
	if c.ID == 0 && !onServer {
		return failure.Misuse("the id of a token is needed", "`pats token list` lists the ids.")
	}
	return c.withTokens(ctx, e, out, typed, c.presentFlag, func(tokens target.Tokens) error {
		body := struct {
			ID          pat.TokenID `json:"id,omitempty"`
			UserID      pat.UserID  `json:"userId,omitempty"`
			Descendants bool        `json:"descendants,omitempty"`
		}{c.ID, c.User, c.Descendants}
		revoke, result := tokens.Revoke, c.name()+" revoked."
		if c.Descendants {
			revoke, result = tokens.RevokeDescendants, c.name()+" and its descendants revoked."
		}
		if err := revoke(ctx, c.ID); err != nil {
			return err
		}
		return out.print(body, table{{result}})
	})
}

// name returns how the result names the token.
func (c *tokenRevoke) name() string {
	if c.ID == 0 {
		return "The token presented"
	}
	return fmt.Sprintf("Token %d", c.ID)
}
