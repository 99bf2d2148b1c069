package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the grammar of the command line. The tag "from" names the environment variables that stand in for a flag, and "hide"
// the groups of flags that a command has no use for.
type cli struct {
	globals

	Serve serveCommand `cmd:"" group:"serve" hide:"remote" help:"Serve the API on this machine."`
	Check checkCommand `cmd:"" group:"serve" hide:"remote" help:"Look a data file through for damage."`

	User struct {
		Create  userCreate  `cmd:"" hide:"remote" help:"Make a user."`
		List    userList    `cmd:"" hide:"remote" help:"List the users."`
		Disable userDisable `cmd:"" hide:"remote" help:"Refuse every token of a user, until the user is enabled again."`
		Enable  userEnable  `cmd:"" hide:"remote" help:"Let a disabled user's tokens work again."`
		Delete  userDelete  `cmd:"" hide:"remote" help:"Delete a user, and with the user every token."`
	} `cmd:"" group:"manage" help:"Administer users."`

	Token struct {
		Create tokenCreate `cmd:"" help:"Make a token. It is shown this once."`
		List   tokenList   `cmd:"" help:"List a user's tokens, without their secrets."`
		Revoke tokenRevoke `cmd:"" help:"End a token at once."`
	} `cmd:"" group:"manage" help:"Administer tokens."`

	Import struct {
		Unleash importUnleash `cmd:"" hide:"remote" help:"Import users and tokens from Unleash's database."`
	} `cmd:"" group:"setup" help:"Import from another service."`

	Table struct {
		Create tableCreate `cmd:"" hide:"remote" help:"Make a DynamoDB table for --store dynamodb. A deployed stack has one already."`
	} `cmd:"" group:"setup" help:"Set up DynamoDB."`

	AdminToken struct {
		New adminTokenNew `cmd:"" hide:"store,remote" help:"Make an admin API token, and the template's parameter that lets it in."`
	} `cmd:"" group:"setup" help:"Set up the admin API token."`

	Cost costCommand `cmd:"" group:"setup" hide:"store,remote" help:"Estimate what a month costs on AWS, and what other designs would."`

	Version versionCommand `cmd:"" group:"setup" hide:"store,remote" help:"Print the version."`
}

// globals are the flags that mean the same with every command.
type globals struct {
	Output string `default:"text" enum:"text,json" placeholder:"text|json" from:"PATS_OUTPUT" help:"How answers are printed; JSON has the names that the HTTP API has (default: text)."`

	storeFlags
	remoteFlags
}

// Help is what stands below the commands and flags in `pats --help`.
func (*cli) Help() string {
	return `Examples:
  Serve on this machine; the first start makes a user and a token, and every start prints a curl line:
    pats serve

  Make the first user and token on a deployed table (TableName is an output of the stack):
    export PATS_STORE=dynamodb TABLE_NAME=pats-Table-1ABC AWS_PROFILE=ops
    pats user create --username ada --role admin
    pats token create --user 1 --description laptop --token-file ada.token

  Use a server by its URL, with a token of your own:
    export PATS_URL=https://abc.execute-api.eu-central-1.amazonaws.com/prod
    pats token list --token-file ada.token

Exit codes:
  0  done
  1  failed; for check: the data file is damaged
  2  the command line or a value on it is wrong
  3  there is no such user or token
  4  refused: a limit, a duplicate, the last Admin, a token that is not valid
  5  the store or the server cannot be reached, or the data file is locked, missing or damaged
  130  interrupted`
}

var groups = []kong.Group{
	{Key: "serve", Title: "Serve:"},
	{Key: "manage", Title: "Users and tokens:"},
	{Key: "setup", Title: "Set up:"},
	{Key: "store", Title: "Where users and tokens are kept:"},
	{Key: "remote", Title: "A server instead of a store (token commands):"},
}

// app is a parsed command line and the world it runs in.
type app struct {
	world
	globals
	// typed says whether a flag stands on the command line itself, and not in the environment.
	typed func(flag string) bool
}

// run does what args say and gives the process's exit code. It ends early when ctx is done.
func run(ctx context.Context, args []string, w world) int {
	if len(args) == 0 {
		w.stdout = w.stderr
		run(ctx, []string{"--help"}, w)
		return exitUsage
	}
	return report(ctx, w.stderr, parseAndRun(ctx, args, w))
}

func parseAndRun(ctx context.Context, args []string, w world) error {
	var grammar cli
	helped := false
	parser, err := kong.New(&grammar,
		kong.Name("pats"),
		kong.Description("Personal access tokens: serve the API, and administer users and tokens."),
		kong.Writers(w.stdout, w.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: helpWidth}),
		kong.Help(printHelp),
		kong.ValueFormatter(describe),
		kong.Resolvers(environment(w.getenv)),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	switch {
	case helped:
		return nil
	case err != nil:
		return misuse(err)
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	a := &app{world: w, globals: grammar.globals, typed: typed(parsed)}
	if err := a.settleTarget(); err != nil {
		return err
	}
	return parsed.Run(a)
}

const helpWidth = 110

// printHelp is kong's help with the details, which are examples, at the end and as they are written.
func printHelp(options kong.HelpOptions, parsed *kong.Context) error {
	node := parsed.Model.Node
	if selected := parsed.Selected(); selected != nil {
		node = selected
	}
	hide(parsed.Model.Flags, list(node.Tag, "hide"))
	detail := node.Detail
	node.Detail = ""
	if err := kong.DefaultHelpPrinter(options, parsed); err != nil || detail == "" {
		return err
	}
	_, err := io.WriteString(parsed.Stdout, "\n"+detail+"\n")
	return err
}

// hide takes the flags of groups out of the help.
func hide(flags []*kong.Flag, groups []string) {
	for _, flag := range flags {
		if flag.Group != nil && slices.Contains(groups, flag.Group.Key) {
			flag.Hidden = true
		}
	}
}

// describe is the help of a flag, with the variables that stand in for it.
func describe(value *kong.Value) string {
	names := list(value.Tag, "from")
	if len(names) == 0 {
		return value.Help
	}
	return fmt.Sprintf("%s [$%s]", value.Help, strings.Join(names, ", $"))
}

// environment gives a flag that is not on the command line the value of the first of its variables that is not empty.
// kong's own tag "env" would read the process's environment only.
func environment(getenv func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range list(flag.Tag, "from") {
			if value := getenv(name); value != "" {
				return value, nil
			}
		}
		return nil, nil
	})
}

// list is the value of a tag, at its commas.
func list(tag *kong.Tag, key string) []string {
	return strings.FieldsFunc(tag.Get(key), func(r rune) bool { return r == ',' })
}

func typed(parsed *kong.Context) func(string) bool {
	names := map[string]bool{}
	for _, path := range parsed.Path {
		if path.Flag != nil && !path.Resolved {
			names[path.Flag.Name] = true
		}
	}
	return func(flag string) bool { return names[flag] }
}

// misuse is the failure of a command line that cannot be understood.
func misuse(err error) error {
	command := "pats"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil && parse.Context.Selected() != nil {
		command = parse.Context.Selected().FullPath()
	}
	return &failure{code: exitUsage, message: err.Error(), advice: fmt.Sprintf("`%s --help` says what can be said.", command)}
}
