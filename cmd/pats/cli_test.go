package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"pats/cmd/pats/failure"
	"pats/pkg/boltstore"
)

// populated returns a shell with a data file that has one user, ada, an Admin with the token "laptop".
func populated(t *testing.T) *shell {
	t.Helper()
	sh := newShell(t)
	sh.must(t, "user", "create", "--username", "ada", "--role", "admin")
	sh.must(t, "token", "create", "--user", "1", "--description", "laptop")
	return sh
}

func TestExitCodesAndMessages(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	sh.vars["PATS_DATA"] = sh.data()
	cases := map[string]struct {
		args    []string
		code    failure.Code
		message string
	}{
		"unknown command":        {[]string{"usr"}, failure.Usage, "did you mean"},
		"no subcommand":          {[]string{"user"}, failure.Usage, `"create"`},
		"unknown flag":           {[]string{"user", "list", "--all"}, failure.Usage, "`pats user list --help`"},
		"missing flag":           {[]string{"token", "create", "--user", "1"}, failure.Usage, "--description"},
		"unknown store":          {[]string{"user", "list", "--store", "file"}, failure.Usage, "bolt or dynamodb"},
		"unknown role":           {[]string{"user", "create", "--username", "x", "--role", "root"}, failure.Usage, "admin"},
		"unknown output":         {[]string{"version", "--output", "xml"}, failure.Usage, "json"},
		"wrong expiry":           {[]string{"token", "create", "--user", "1", "--description", "x", "--expires", "soon"}, failure.Usage, "90d"},
		"past expiry":            {[]string{"token", "create", "--user", "1", "--description", "x", "--expires", "2001-01-01T00:00:00Z"}, failure.Usage, "in future"},
		"empty description":      {[]string{"token", "create", "--user", "1", "--description", ""}, failure.Usage, "empty"},
		"no name":                {[]string{"user", "create"}, failure.Usage, "username or email"},
		"no user given":          {[]string{"token", "list"}, failure.Usage, "--user ID is needed"},
		"a share above one":      {[]string{"cost", "--writes", "2"}, failure.Usage, "0 to 1"},
		"too large a load":       {[]string{"cost", "1e13"}, failure.Usage, "0 to 1e12"},
		"a load, NaN":            {[]string{"cost", "NaN"}, failure.Usage, "0 to 1e12"},
		"too long a TTL":         {[]string{"cost", "--ttl", "2h"}, failure.Usage, "1h"},
		"table on bolt":          {[]string{"user", "list", "--table", "x"}, failure.Usage, "--store dynamodb"},
		"negative limit":         {[]string{"user", "list", "--limit=-1"}, failure.Usage, "--limit"},
		"negative retention":     {[]string{"token", "list", "--user", "1", "--expired-retention-days=-1"}, failure.Usage, "retention"},
		"too long a retention":   {[]string{"token", "list", "--user", "1", "--expired-retention-days=999999999"}, failure.Usage, "retention"},
		"no database given":      {[]string{"import", "unleash"}, failure.Usage, "--database-url"},
		"no database there":      {[]string{"import", "unleash", "--database-url", "postgres://u:hidden@127.0.0.1:1/x"}, failure.Unavailable, "no server accepts connections"},
		"a bad database URL":     {[]string{"import", "unleash", "--database-url", "postgres://u:hidden@[/x"}, failure.Usage, "PGPASSWORD"},
		"import with --url":      {[]string{"import", "unleash", "--database-url", "postgres://x", "--url", "http://127.0.0.1:1"}, failure.Usage, "Only the token commands"},
		"users with --url":       {[]string{"user", "list", "--url", "http://127.0.0.1:1"}, failure.Usage, "Only the token commands"},
		"no table":               {[]string{"user", "list", "--store", "dynamodb"}, failure.Usage, "--table NAME"},
		"endpoint not a URL":     {[]string{"user", "list", "--store", "dynamodb", "--table", "x", "--endpoint", "localhost:8000"}, failure.Usage, "http://127.0.0.1:8000"},
		"table of bolt":          {[]string{"table", "create", "--store", "bolt"}, failure.Usage, "unknown flag --store"},
		"check of dynamodb":      {[]string{"check", "--store", "dynamodb"}, failure.Usage, "unknown flag --store"},
		"file without server":    {[]string{"token", "list", "--user", "1", "--token-file", "x"}, failure.Usage, "--url"},
		"serve with --url":       {[]string{"serve", "--url", "http://x"}, failure.Usage, "Only the token commands"},
		"serve with retention":   {[]string{"serve", "--expired-retention-days", "3"}, failure.Usage, "--parameter ExpiredRetentionDays"},
		"unknown parameter":      {[]string{"serve", "--parameter", "Foo=1"}, failure.Usage, "Foo"},
		"parameter not allowed":  {[]string{"serve", "--parameter", "PatsEnabled=maybe"}, failure.Usage, "PatsEnabled"},
		"not an address":         {[]string{"serve", "--listen", "3000"}, failure.Usage, "127.0.0.1:3000"},
		"a port by name":         {[]string{"serve", "--listen", "127.0.0.1:http"}, failure.Usage, "HOST:PORT"},
		"too large a port":       {[]string{"serve", "--listen", "127.0.0.1:65536"}, failure.Usage, "HOST:PORT"},
		"a negative expiry":      {[]string{"token", "create", "--user", "1", "--description", "x", "--expires", "-1d"}, failure.Usage, "--expires=VALUE"},
		"the same, with =":       {[]string{"token", "create", "--user", "1", "--description", "x", "--expires=-1d"}, failure.Usage, "such as 90d"},
		"a negative id":          {[]string{"user", "list", "--after", "-1"}, failure.Usage, "--after=VALUE"},
		"no data folder":         {[]string{"user", "list", "--data", ""}, failure.Usage, "--data must not be empty"},
		"no data folder, with =": {[]string{"user", "list", "--data="}, failure.Usage, "--data must not be empty"},
		"no token file":          {[]string{"token", "create", "--user", "1", "--description", "x", "--token-file", ""}, failure.Usage, "--token-file must not be empty"},
		"no URL":                 {[]string{"token", "list", "--url", ""}, failure.Usage, "--url must not be empty"},
		"unknown user":           {[]string{"token", "list", "--user", "9"}, failure.NotFound, "`pats user list`"},
		"disable unknown user":   {[]string{"user", "disable", "9"}, failure.NotFound, "`pats user list`"},
		"delete unknown user":    {[]string{"user", "delete", "9"}, failure.NotFound, "`pats user list`"},
		"unknown token":          {[]string{"token", "revoke", "--user", "1", "9"}, failure.NotFound, "no token 9"},
		"user exists":            {[]string{"user", "create", "--username", "ada"}, failure.Refused, "`pats user list`"},
		"last Admin disabled":    {[]string{"user", "disable", "1"}, failure.Refused, "Create another Admin"},
		"last Admin deleted":     {[]string{"user", "delete", "1"}, failure.Refused, "Create another Admin"},
		"duplicate":              {[]string{"token", "create", "--user", "1", "--description", "laptop"}, failure.Refused, "another --description"},
	}
	for name, c := range cases { //nolint:paralleltest // a data file serves one command at a time
		t.Run(name, func(t *testing.T) {
			got := sh.runBare(t, c.args...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, "pats: ", c.message)
			if got.Stdout != "" {
				t.Errorf("got stdout %q, want none", got.Stdout)
			}
		})
	}
}

func TestUserCommandsDoNotIgnoreAServer(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "user create --username x", "user disable 1", "user enable 1", "user delete 1"} {
		sh := newShell(t)
		sh.vars["PATS_URL"] = "http://127.0.0.1:1"
		got := sh.runBare(t, strings.Fields(args)...)
		wantCode(t, got, failure.Usage)
		wantContains(t, "stderr", got.Stderr, "do not work through a server", "PATS_URL", "--store dynamodb")
	}
}

func TestLimitIsRefused(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	for description := range strings.FieldsSeq("b c d e f g h i j") {
		sh.must(t, "token", "create", "--user", "1", "--description", description)
	}
	got := sh.run(t, "token", "create", "--user", "1", "--description", "k")
	wantCode(t, got, failure.Refused)
	wantContains(t, "stderr", got.Stderr, "Too many PATs (10)", "`pats token revoke`")
}

// TestMissingDataFile: a mistyped folder must not look like a service without users.
func TestMissingDataFile(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "user disable 1", "token list --user 1", "token create --user 1 --description x", "check"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			got := sh.run(t, strings.Fields(args)...)
			wantCode(t, got, failure.Unavailable)
			wantContains(t, "stderr", got.Stderr, filepath.Join(sh.data(), "pats.db"), "--data")
			wantFiles(t, sh.folder)
		})
	}
}

func TestLockedDataFile(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	store, err := boltstore.Open(filepath.Join(sh.data(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // after the parallel cases
	pid := "process " + formatID(int64(os.Getpid()))
	for args, advice := range map[string]string{
		"token list --user 1":         "--url URL",
		"check":                       "--url URL",
		"serve --listen 127.0.0.1:0":  "--data FOLDER",
		"user create --username next": "until it stops",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			got := sh.run(t, strings.Fields(args)...)
			wantCode(t, got, failure.Unavailable)
			wantContains(t, "stderr", got.Stderr, pid, advice)
		})
	}
}

// misplaced are command lines with a token in the wrong place. FOLDER is the shell's folder.
var misplaced = []string{
	"TOKEN", "TOKEN list", "--TOKEN", "user list --TOKEN", "--output TOKEN",
	"token revoke --user 1 TOKEN", "token list --user TOKEN", "token list --user=TOKEN", "token list TOKEN",
	"token list --token TOKEN", "token list --token-file TOKEN --url http://127.0.0.1:1", "token list --store TOKEN --user 1",
	"token list --data TOKEN --user 1", "token list --expired-retention-days TOKEN --user 1",
	"token list --url TOKEN", "token list --url http://TOKEN", "token list --url http://TOKEN@127.0.0.1:1",
	"token list --url http://127.0.0.1:1/TOKEN", "token list --url http://127.0.0.1:1?TOKEN", "token list --url http://127.0.0.1:TOKEN",
	"token create --user 1 --description x --expires TOKEN", "token create --user 1 --description x --token-file FOLDER/TOKEN/TOKEN/",
	"user list --store dynamodb --table TOKEN --region x --endpoint http://127.0.0.1:1", "user list --table TOKEN",
	"user list --store dynamodb --table x --endpoint TOKEN", "user list --store dynamodb --table x --endpoint http://127.0.0.1:TOKEN",
	"user list --after TOKEN", "user disable TOKEN", "user create --username x --role TOKEN",
	"serve --listen TOKEN", "serve --listen TOKEN:1", "serve --listen 127.0.0.1:TOKEN", "serve --parameter TOKEN", "serve --parameter x=TOKEN",
	"serve --parameter AdminTokenHash=TOKEN", "serve --log-format TOKEN", "check --data TOKEN", "cost TOKEN", "cost --ttl TOKEN",
	"import unleash --database-url TOKEN", "table create --table x --endpoint TOKEN",
}

// TestTokenInTheWrongPlaceIsNotPrinted: no error contains a token of the command line, or the part of one that a parser quotes.
func TestTokenInTheWrongPlaceIsNotPrinted(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("Secret_-", 8)
	for _, line := range misplaced {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			sh := populated(t)
			sh.vars["PATS_TOKEN"] = token1
			if !strings.Contains(line, "--data") {
				sh.vars["PATS_DATA"] = sh.data()
			}
			for _, token := range []string{"user:v2_" + secret, "pats_" + secret, "user:" + strings.Repeat("0123456789abcdef", 3), "*:*." + secret} {
				t.Run(token[:5], func(t *testing.T) {
					if strings.Contains(line, "--endpoint") {
						t.Parallel() // there is no data file, and the SDK retries for seconds
					}
					got := sh.runBare(t, strings.Fields(strings.NewReplacer("TOKEN", token, "FOLDER", sh.folder).Replace(line))...)
					if got.Code == failure.OK {
						t.Error("got exit code 0, want a failure")
					}
					if strings.Contains(strings.ToLower(got.Stdout+got.Stderr), strings.ToLower(token[len(token)-20:])) {
						t.Errorf("the token is in\n%s", got.Stderr)
					}
				})
			}
		})
	}
}

func TestRoleInAnyCase(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	for role, want := range map[string]string{"Viewer": "Viewer", "EDITOR": "Editor", "admin": "Admin"} {
		wantContains(t, role, sh.must(t, "user", "create", "--username", "user-"+want, "--role", role), "Role      "+want)
	}
}

func TestEnvironmentSetsDefaultsOfFlags(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	sh.vars = map[string]string{"PATS_DATA": sh.data(), "PATS_STORE": "bolt", "TABLE_NAME": "unused", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
	got := sh.runBare(t, "user", "list")
	wantCode(t, got, failure.OK)
	sh.vars["PATS_STORE"] = "dynamodb"
	wantCode(t, sh.runBare(t, "user", "list", "--store", "bolt"), failure.OK)
	sh.vars["PATS_STORE"] = "paper"
	got = sh.runBare(t, "user", "list")
	wantCode(t, got, failure.Usage)
	wantContains(t, "stderr", got.Stderr, "paper")
}

// TestCommandLineBeatsEnvironment: PATS_URL does not turn an explicit store into a server.
func TestCommandLineBeatsEnvironment(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	sh.vars["PATS_URL"] = "http://127.0.0.1:1"
	wantContains(t, "list", sh.must(t, "token", "list", "--user", "1"), "laptop")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	sh := populated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr output
	if got := run(ctx, []string{"user", "list", "--data", sh.data()}, sh.env(&stdout, &stderr)); got != failure.Interrupted {
		t.Errorf("got exit code %d, want %d", got, failure.Interrupted)
	}
	wantText(t, "stderr", stderr.String(), "pats: interrupted\n")
}

func TestNoCommandShowsTheHelp(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	got := sh.runBare(t)
	wantCode(t, got, failure.Usage)
	wantText(t, "stderr", got.Stderr, sh.runBare(t, "--help").Stdout)
	wantText(t, "stdout", got.Stdout, "")
}

func TestHelpForNewcomers(t *testing.T) {
	t.Parallel()
	got := newShell(t).runBare(t, "--help")
	wantCode(t, got, failure.OK)
	wantText(t, "stderr", got.Stderr, "")
	wantContains(t, "help", got.Stdout,
		"Create the first user and token of a deployed stack", "pats user create --username", "pats token create --user 1",
		"Users and tokens:", "PATS_STORE", "PATS_DATA", "TABLE_NAME", "PATS_URL", "PATS_TOKEN",
		"Exit codes:", "\n  0  ", "\n  1  ", "\n  2  ", "\n  3  ", "\n  4  ", "\n  5  ", "\n  130  ")
}

// TestHelpShowsOnlyFlagsOfTheCommand compares each command's flags with those that it uses.
func TestHelpShowsOnlyFlagsOfTheCommand(t *testing.T) {
	t.Parallel()
	const (
		store   = " --data --endpoint --region --store --table"
		service = " --data --endpoint --expired-retention-days --region --store --table"
		limits  = " --enforce-max-lifetime --expired-tokens-count --max-token-days --max-tokens-per-user"
		server  = " --allow-http --token-file --url"
		tokens  = service + limits + server + " --user"
	)
	cases := map[string]string{
		"":                "",
		"version":         "",
		"admin-token new": "",
		"cost":            "--operations --tokens --ttl --writes",
		"serve":           "--dev-login --listen --log-format --parameter" + store,
		"check":           "--data",
		"table create":    "--endpoint --region --table",
		"user create":     "--email --name --role --service --username" + store,
		"user list":       "--after --limit" + store,
		"user disable":    service,
		"user enable":     service,
		"user delete":     store,
		"user link":       "--issuer --subject" + service,
		"user unlink":     service,
		"token create":    "--description --expires --scope --scope-catalog --token-prefix" + tokens,
		"token list":      "--all --expires-before --scope --state --unused-since" + tokens,
		"token show":      server,
		"token rotate":    "--expires --overlap --token-prefix" + tokens,
		"login":           "--allow-http --expires --no-browser --scope --url",
		"logout":          "--allow-http --url",
		"whoami":          server,
		"token revoke":    "--all --descendants --expires-before --from-file --scope --state --unused-since --yes" + tokens,
		"import unleash":  "--database-url --dry-run" + service,
	}
	flag := regexp.MustCompile(`(?m)^ {2,6}(?:-h, )?(--[a-z-]+)`)
	for command, want := range cases {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			got := newShell(t).runBare(t, append(strings.Fields(command), "--help")...)
			wantCode(t, got, failure.OK)
			var flags []string
			for _, match := range flag.FindAllStringSubmatch(got.Stdout, -1) {
				flags = append(flags, match[1])
			}
			slices.Sort(flags)
			wanted := append(strings.Fields(want), "--help")
			if command != "serve" { // it prints no result
				wanted = append(wanted, "--output")
			}
			slices.Sort(wanted)
			if diff := cmp.Diff(wanted, flags); diff != "" {
				t.Errorf("flags (-want +got):\n%s\nin\n%s", diff, got.Stdout)
			}
		})
	}
}

// TestEveryFlagIsExplained: its meaning, a name for its value if it takes one, and its default if it has one.
func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{}, kong.ExplicitGroups(groups))
	if err != nil {
		t.Fatal(err)
	}
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && flag.Name != "help" {
			if flag.Help == "" || (flag.PlaceHolder == "" && !flag.IsBool()) {
				t.Errorf("--%s: got help %q and placeholder %q, want both", flag.Name, flag.Help, flag.PlaceHolder)
			}
			if flag.HasDefault && !strings.Contains(flag.Help, "default: "+flag.Default) {
				t.Errorf("--%s: got help %q, want the default %q in it", flag.Name, flag.Help, flag.Default)
			}
		}
		if command, ok := node.(*kong.Node); ok && command.Parent != nil && command.Help == "" {
			t.Errorf("%s: no help", command.Path())
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	wantContains(t, "text", sh.runBare(t, "version").Stdout, "Version   v1.2.3\nCommit    abc with changes\nGo        go", "Platform  ")
	wantContains(t, "JSON", sh.runBare(t, "version", "--output", "json").Stdout, `"version": "v1.2.3"`, `"commit": "abc with changes"`, `"platform": "`)
}
