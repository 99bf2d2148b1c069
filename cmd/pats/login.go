package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/loopback"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

// loginTimeout bounds how long a login waits for the browser.
const loginTimeout = 10 * time.Minute

type loginCommand struct {
	serverFlags
	Scope     []string `placeholder:"NAME" help:"Scope that the token has, such as pats:read. Repeatable, or a list with commas (default: the token acts as you)."`
	Expires   *expiry  `placeholder:"90d|12h|TIME" help:"Expiry of the token: a number of days or hours from now, or a time such as 2027-01-31T12:00:00Z (default: 90d, or the server's longest lifetime if that is shorter)."`
	NoBrowser bool     `help:"Print the address to open on another machine, and ask for the code to paste. Only where the stack has AllowPastedCode=true."`
}

// Help returns the end of `pats login --help`.
func (*loginCommand) Help() string {
	return `It opens a page on which you sign in and approve the token. The page and the terminal must show the same short code. The token
goes to a file in your configuration folder, readable only by you. Commands with the same --url or PATS_URL use it.
Logging in again rotates that token if you are the same user and ask for the same scopes. Otherwise it creates one and revokes
the old one.

Examples:
  pats login --url https://abc.execute-api.eu-central-1.amazonaws.com/prod
  pats login --url http://127.0.0.1:3000 --scope pats:read --expires 12h`
}

// Run gets a token through the user's browser, and writes it to the login file.
func (c *loginCommand) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	l, err := c.begin(ctx, e, out, typed)
	if err != nil {
		return err
	}
	draft, err := tokenfile.Create(l.path) // before the login, so that a file that cannot be written fails first
	if err != nil {
		return err
	}
	defer draft.Discard()
	waiting, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	code, err := l.code(waiting, c.NoBrowser)
	if err != nil {
		return explainWait(ctx, err)
	}
	created, err := l.redeem(ctx, code)
	if err != nil {
		return err
	}
	if err := publish(draft, created.Secret); err != nil {
		return l.undelivered(ctx, created, err)
	}
	l.retire(ctx, created.Token)
	return l.welcome(ctx, created)
}

// login is a login in progress.
type login struct {
	env
	*printer
	flags serverFlags
	// server presents no token.
	server   *target.Server
	path     string
	verifier pat.LoginVerifier
	// request is what the user is asked to approve.
	request url.Values
	// previous is the valid token in the login file, or nil.
	previous *previousLogin
}

// previousLogin is the token of an earlier login.
type previousLogin struct {
	server *target.Server
	secret string
	token  apitypes.Token
}

// begin prepares the login. Errors: failure.Usage; those of the server if there is a token of an earlier login.
func (c *loginCommand) begin(ctx context.Context, e env, out *printer, typed typedFlags) (*login, error) {
	if c.URL == "" {
		return nil, failure.Misuse("--url URL is needed", "For example: pats login --url http://127.0.0.1:3000. PATS_URL sets it too.")
	}
	server, err := target.NewServer(c.URL, "", c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	path, err := c.loginPath(e)
	if err != nil {
		return nil, err
	}
	verifier, err := pat.NewLoginVerifier(rand.Reader)
	if err != nil {
		return nil, err
	}
	l := &login{env: e, printer: out, flags: c.serverFlags, server: server, path: path, verifier: verifier}
	if l.request, err = c.requestFor(e, verifier.Challenge(), typed); err != nil {
		return nil, err
	}
	if err := server.CheckSignIn(ctx); err != nil {
		return nil, err
	}
	l.previous, err = l.readPrevious(ctx)
	return l, err
}

// requestFor returns the query of the consent page. Only a command line without --scope means a token that acts as its user.
func (c *loginCommand) requestFor(e env, challenge pat.LoginChallenge, typed typedFlags) (url.Values, error) {
	query := url.Values{"challenge": {string(challenge)}, "description": {describeMachine(e)}}
	if typed["scope"] {
		scopes, err := pat.NewScopes(c.Scope)
		if err != nil {
			return nil, failure.Misuse("--scope: "+err.Error(), "")
		}
		query.Set("scope", scopes.Stored())
	}
	if c.Expires != nil {
		query.Set("expires", c.Expires.from(e.now()).UTC().Format(time.RFC3339))
	}
	return query, nil
}

// maxHostname is the length of the longest name of a machine in a description, in bytes. Longer ones are cut.
const maxHostname = 64

// describeMachine returns the description of the token: descriptions are unique, so it contains the time.
func describeMachine(e env) string {
	machine, err := e.hostname()
	machine = strings.ToValidUTF8(machine[:min(len(machine), maxHostname)], "")
	if err != nil || machine == "" {
		machine = "an unnamed machine"
	}
	return fmt.Sprintf("pats login on %s, %s", target.Printable(machine), e.now().UTC().Format(time.RFC3339))
}

// readPrevious returns the valid token in the login file, or nil. Errors: those of a server that cannot be reached.
func (l *login) readPrevious(ctx context.Context) (*previousLogin, error) {
	if !tokenfile.Exists(l.path) {
		return nil, nil
	}
	secret, warning, err := tokenfile.Read(ctx, l.path)
	l.warn(warning)
	if err != nil {
		return nil, nil //nolint:nilerr // whatever is in the file is replaced
	}
	server, err := target.NewServer(l.flags.URL, secret, l.flags.AllowHTTP)
	if err != nil {
		return nil, err
	}
	token, err := server.Show(ctx)
	if f, ok := errors.AsType[*failure.Error](err); ok && f.Code == failure.Refused {
		return nil, nil // it has ended
	}
	if err != nil {
		return nil, err
	}
	return &previousLogin{server, secret, token}, nil
}

// code returns the code that the user's approval leads to.
func (l *login) code(ctx context.Context, pasted bool) (string, error) {
	if pasted {
		return l.pastedCode(ctx)
	}
	state := rand.Text()
	listener, err := loopback.Listen(ctx, state)
	if err != nil {
		return "", failure.New(failure.Failed, "cannot listen on 127.0.0.1 for the browser: "+err.Error(), "")
	}
	defer listener.Close(ctx)
	l.request.Set("state", state)
	l.request.Set("port", strconv.Itoa(listener.Port()))
	address := l.server.ConsentURL(l.request)
	l.note("Approve the login in your browser if it shows the code %s.\nIf no browser opens, open this address on this machine:\n  %s", l.shortCode(), address)
	go func() { _ = l.openBrowser(address) }() // the address is printed, too
	return listener.Code(ctx)
}

func (l *login) shortCode() string { return l.verifier.Challenge().ShortCode() }

func explainWait(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, loopback.ErrDenied):
		return failure.New(failure.Refused, "the login was denied in the browser", "")
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return failure.New(failure.Failed, fmt.Sprintf("the login was not approved within %g minutes", loginTimeout.Minutes()), "Run `pats login` again.")
	}
	return err
}

// redeem returns the token of the login.
func (l *login) redeem(ctx context.Context, code string) (apitypes.CreatedToken, error) {
	body := apitypes.RedeemLogin{Code: code, Verifier: l.verifier.Reveal()}
	if l.previous != nil {
		body.Previous = l.previous.secret
	}
	created, err := l.server.Redeem(ctx, body)
	if f, ok := errors.AsType[*failure.Error](err); ok && f.Code == failure.Refused {
		f.Advice = "If you have too many tokens, revoke one on the server's page. Otherwise run `pats login` again."
	}
	return created, err
}

// rotated reports whether token is the previous one with a new secret.
func (l *login) rotated(token apitypes.Token) bool {
	return l.previous != nil && l.previous.token.ID == token.ID && l.previous.token.UserID == token.UserID
}

// undelivered returns the failure to write the token to the login file because of cause. It revokes the token, unless that is the one of
// an earlier login, which still works there until the overlap ends.
func (l *login) undelivered(ctx context.Context, created apitypes.CreatedToken, cause error) error {
	if l.rotated(created.Token) {
		return &failure.Error{Code: failure.Failed, Message: fmt.Sprintf("the token could not be written to %s: %v", l.path, cause), Err: cause,
			Advice: fmt.Sprintf("The old token works for %g more minutes. Run `pats login` again before then.", pat.DefaultOverlap.Minutes())}
	}
	server, err := target.NewServer(l.flags.URL, created.Secret, l.flags.AllowHTTP)
	if err != nil {
		return err
	}
	return revokeUndelivered(ctx, server, created.ID, cause)
}

// retire revokes the token of the earlier login, unless token is that one with a new secret. The new one is on the disk already.
func (l *login) retire(ctx context.Context, token apitypes.Token) {
	if l.previous == nil || l.rotated(token) {
		return
	}
	if err := l.previous.server.Revoke(ctx, 0); err != nil {
		l.warn(fmt.Sprintf("the token of the earlier login, %q, could not be revoked: %v. Revoke it on the server's page.",
			target.Printable(l.previous.token.Description), err))
	}
}

// welcome prints who is logged in. The login has succeeded, even if this last request fails.
func (l *login) welcome(ctx context.Context, created apitypes.CreatedToken) error {
	l.note("The token is in %s.", l.path)
	server, err := target.NewServer(l.flags.URL, created.Secret, l.flags.AllowHTTP)
	if err != nil {
		return err
	}
	user, err := server.Self(ctx)
	if err != nil {
		return err
	}
	return l.print(identity{user, created.Token}, identityRows(user, created.Token))
}
