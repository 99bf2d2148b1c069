package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
)

// cli is the grammar of the command line. The tag "from" names the environment variables that a flag defaults to.
type cli struct {
	Output outputFormat `default:"text" enum:"text,json,csv" placeholder:"text|json|csv" from:"PATS_OUTPUT" help:"Format of results. JSON uses the names of the HTTP API. CSV is for lists of tokens (default: text)."`

	Serve serveCommand `cmd:"" group:"serve" noresult:"" help:"Serve the API on this machine."`
	Check checkCommand `cmd:"" group:"serve" help:"Check a data file for corruption."`

	User struct {
		Create  userCreate  `cmd:"" help:"Create a user."`
		List    userList    `cmd:"" help:"List the users."`
		Disable userDisable `cmd:"" help:"Refuse all tokens of a user until the user is enabled again."`
		Enable  userEnable  `cmd:"" help:"Enable a disabled user, whose tokens work again."`
		Delete  userDelete  `cmd:"" help:"Delete a user and all of the user's tokens."`
		Link    userLink    `cmd:"" help:"Let a person sign in to a user's account."`
		Unlink  userUnlink  `cmd:"" help:"Remove the login of a user's account."`
	} `cmd:"" group:"manage" help:"Administer users."`

	Token struct {
		Create tokenCreate `cmd:"" help:"Create a token. The secret is shown only once."`
		List   tokenList   `cmd:"" help:"List a user's tokens, or those of all users, without their secrets."`
		Show   tokenShow   `cmd:"" help:"Show the token that is presented to a server, without its secret."`
		Rotate tokenRotate `cmd:"" help:"Issue a new secret for a token. The old one works until an overlap ends."`
		Revoke tokenRevoke `cmd:"" help:"Revoke a token, or many, at once."`
	} `cmd:"" group:"manage" help:"Administer tokens."`

	Login  loginCommand  `cmd:"" group:"login" help:"Sign in to a server in your browser, and store a token for other commands."`
	Logout logoutCommand `cmd:"" group:"login" help:"Revoke that token and remove it."`
	Whoami whoamiCommand `cmd:"" group:"login" help:"Show the user and the token that commands present to a server."`

	Import struct {
		Unleash importUnleash `cmd:"" help:"Import users and tokens from Unleash's database."`
	} `cmd:"" group:"setup" help:"Import from another service."`

	Table struct {
		Create tableCreate `cmd:"" help:"Create a DynamoDB table. A deployed stack has one already."`
	} `cmd:"" group:"setup" help:"Set up DynamoDB."`

	AdminToken struct {
		New adminTokenNew `cmd:"" help:"Generate an admin API token and the template parameter that accepts it."`
	} `cmd:"" group:"setup" help:"Set up the admin API token."`

	Cost costCommand `cmd:"" group:"setup" help:"Estimate the monthly cost on AWS, next to other designs."`

	Version versionCommand `cmd:"" group:"setup" help:"Print the version."`
}

// Help returns the end of `pats --help`.
func (*cli) Help() string {
	return `Examples:
  Serve on this machine. The first start creates a user and a token; every start prints a curl command to try:
    pats serve

  Create the first user and token of a deployed stack (TableName is an output of the stack):
    export PATS_STORE=dynamodb TABLE_NAME=pats-Table-1ABC AWS_PROFILE=ops
    pats user create --username ada --role admin
    pats token create --user 1 --description laptop --token-file ada.token

  Manage your own tokens on a server:
    export PATS_URL=https://abc.execute-api.eu-central-1.amazonaws.com/prod
    pats login
    pats token list

Environment variables:
  PATS_TOKEN  the token to present to a server
  PATS_DATA, PATS_STORE, TABLE_NAME, PATS_URL, PATS_OUTPUT and others set defaults of flags, as their help says.
  AWS credentials, profiles and SSO are configured as for the AWS CLI.

Exit codes:
  0  success
  1  failure; for check: the data file is damaged
  2  the command line, or a value on it, is invalid
  3  the user or token does not exist
  4  refused: a limit, a duplicate, the last Admin, an invalid token
  5  the store or the server cannot be reached, or the data file is in use, missing or damaged
  130  interrupted`
}

var groups = []kong.Group{
	{Key: "serve", Title: "Serve:"},
	{Key: "manage", Title: "Users and tokens:"},
	{Key: "login", Title: "Sign in to a server:"},
	{Key: "setup", Title: "Set up:"},
	{Key: "store", Title: "Store:"},
	{Key: "server", Title: "A server instead of a store:"},
}

// run executes the command line args and returns the exit code. It ends early when ctx is done.
func run(ctx context.Context, args []string, e env) failure.Code {
	if len(args) == 0 {
		e.stdout = e.stderr
		run(ctx, []string{"--help"}, e)
		return failure.Usage
	}
	err := parseAndRun(ctx, args, e)
	if err == nil {
		return failure.OK
	}
	f := target.Explain(err)
	if isBrokenPipe(err) {
		return f.Code // `pats user list | head` needs no message
	}
	if ctx.Err() != nil && (f.Code == failure.Unavailable || errors.Is(err, context.Canceled)) {
		f = &failure.Error{Code: failure.Interrupted, Message: "interrupted", Advice: f.Advice, Err: err}
	}
	f.Print(e.stderr, args)
	return f.Code
}

// isBrokenPipe reports whether err is the plain error of a write to a closed pipe.
func isBrokenPipe(err error) bool {
	_, explained := errors.AsType[*failure.Error](err)
	return !explained && errors.Is(err, syscall.EPIPE)
}

func parseAndRun(ctx context.Context, args []string, e env) error {
	var grammar cli
	helped := false
	parser, err := kong.New(&grammar,
		kong.Name("pats"),
		kong.Description("Personal access tokens: serve the API, and administer users and tokens."),
		kong.Writers(e.stdout, e.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: helpWidth}),
		kong.Help(printHelp),
		kong.ValueFormatter(describe),
		kong.Resolvers(environment(e.getenv)),
	)
	if err != nil {
		return err
	}
	parser.Model.HelpFlag.Help = "Show help."
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return nil
	case errors.Is(err, syscall.EPIPE):
		return err
	case err != nil:
		return misuse(err)
	}
	typed, err := typedIn(parsed)
	if err != nil {
		return err
	}
	if grammar.Output == formatCSV && parsed.Selected().Path() != "token list" {
		return failure.Misuse("--output csv is for `pats token list`", "")
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(e, &printer{e.stdout, e.stderr, grammar.Output}, typed)
}

// environment returns a resolver that sets a flag which is not on the command line to the first of its variables that is not
// empty. kong's own tag "env" reads only the environment of the process.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range variables(flag.Tag) {
			if value := getenv(name); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

// variables returns the environment variables that a flag's tag names.
func variables(tag *kong.Tag) []string {
	return strings.FieldsFunc(tag.Get("from"), func(r rune) bool { return r == ',' })
}

// typedIn returns the flags on the command line. Errors: a flag with an empty value, as an unset shell variable leaves it.
func typedIn(parsed *kong.Context) (typedFlags, error) {
	typed := typedFlags{}
	for _, path := range parsed.Path {
		if path.Flag == nil || path.Resolved {
			continue
		}
		typed[path.Flag.Name] = true
		if value := path.Flag.Target; value.Kind() == reflect.String && value.Len() == 0 {
			return nil, failure.Misuse(fmt.Sprintf("--%s must not be empty", path.Flag.Name), "")
		}
	}
	return typed, nil
}

// unknownFlag matches kong's error of a flag that the command does not have.
var unknownFlag = regexp.MustCompile(`^unknown flag --([a-z-]+)`)

// dashValue matches kong's error of a value that begins with a dash.
var dashValue = regexp.MustCompile(`^(--[a-z-]+): expected .* value but got "(-[^"]*)" \(.* flag\)`)

// flagAdvice is the advice on flags of other commands.
var flagAdvice = map[string]string{
	"url":                    "Only the token commands work through a server.",
	"expired-retention-days": "`pats serve` takes it from the stack's template: --parameter ExpiredRetentionDays=DAYS.",
}

// misuse returns the failure of a command line that kong refuses.
func misuse(err error) error {
	command := "pats"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil && parse.Context.Selected() != nil {
		command = parse.Context.Selected().FullPath()
	}
	message, advice := err.Error(), fmt.Sprintf("Run `%s --help` for usage.", command)
	if match := unknownFlag.FindStringSubmatch(message); match != nil && flagAdvice[match[1]] != "" {
		advice = flagAdvice[match[1]] + "\n" + advice
	}
	if match := dashValue.FindStringSubmatch(message); match != nil {
		message = fmt.Sprintf("%s needs a value, and %q looks like a flag", match[1], match[2])
		advice = fmt.Sprintf("A value that begins with a dash is written %s=VALUE.\n%s", match[1], advice)
	}
	return failure.Misuse(message, advice)
}
