package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"pats/pkg/boltstore"
)

// populated is a desk with a data file that has one user, ada, an Admin with the token "laptop".
func populated(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.must(t, "user", "create", "--username", "ada", "--role", "admin")
	d.must(t, "token", "create", "--user", "1", "--description", "laptop")
	return d
}

func TestExitCodesAndMessages(t *testing.T) {
	t.Parallel()
	d := populated(t)
	cases := map[string]struct {
		args    []string
		code    int
		message string
	}{
		"unknown command":       {[]string{"usr"}, exitUsage, "did you mean"},
		"no subcommand":         {[]string{"user"}, exitUsage, `"create"`},
		"unknown flag":          {[]string{"user", "list", "--all"}, exitUsage, "`pats user list --help`"},
		"missing flag":          {[]string{"token", "create", "--user", "1"}, exitUsage, "--description"},
		"unknown store":         {[]string{"user", "list", "--store", "file"}, exitUsage, "bolt or dynamodb"},
		"unknown role":          {[]string{"user", "create", "--username", "x", "--role", "root"}, exitUsage, "admin"},
		"unknown output":        {[]string{"version", "--output", "xml"}, exitUsage, "json"},
		"wrong expiry":          {[]string{"token", "create", "--user", "1", "--description", "x", "--expires", "soon"}, exitUsage, "90d"},
		"past expiry":           {[]string{"token", "create", "--user", "1", "--description", "x", "--expires", "2001-01-01T00:00:00Z"}, exitUsage, "in future"},
		"empty description":     {[]string{"token", "create", "--user", "1", "--description", ""}, exitUsage, "empty"},
		"no name":               {[]string{"user", "create"}, exitUsage, "username or email"},
		"no user":               {[]string{"token", "list"}, exitUsage, "--user ID is needed"},
		"a share above one":     {[]string{"cost", "--writes", "2"}, exitUsage, "0 to 1"},
		"a load beyond all":     {[]string{"cost", "1e13"}, exitUsage, "0 to 1e12"},
		"a load that is none":   {[]string{"cost", "NaN"}, exitUsage, "0 to 1e12"},
		"an endless TTL":        {[]string{"cost", "--ttl", "2h"}, exitUsage, "1h"},
		"table on bolt":         {[]string{"user", "list", "--table", "x"}, exitUsage, "--store dynamodb"},
		"negative limit":        {[]string{"user", "list", "--limit=-1"}, exitUsage, "--limit"},
		"negative retention":    {[]string{"token", "list", "--user", "1", "--expired-retention-days=-1"}, exitUsage, "retention"},
		"endless retention":     {[]string{"token", "list", "--user", "1", "--expired-retention-days=999999999"}, exitUsage, "retention"},
		"no database":           {[]string{"import", "unleash"}, exitUsage, "--database-url"},
		"no such database":      {[]string{"import", "unleash", "--database-url", "postgres://u:hidden@127.0.0.1:1/x"}, exitUnavailable, "127.0.0.1"},
		"a bad database URL":    {[]string{"import", "unleash", "--database-url", "postgres://u:hidden@[/x"}, exitUnavailable, "Unleash's database"},
		"import by a URL":       {[]string{"import", "unleash", "--database-url", "postgres://x", "--url", "http://127.0.0.1:1"}, exitUsage, "--url"},
		"no table":              {[]string{"user", "list", "--store", "dynamodb"}, exitUsage, "--table NAME"},
		"endpoint is no URL":    {[]string{"user", "list", "--store", "dynamodb", "--table", "x", "--endpoint", "localhost:8000"}, exitUsage, "http://127.0.0.1:8000"},
		"table of bolt":         {[]string{"table", "create", "--store", "bolt"}, exitUsage, "needs no table"},
		"check of dynamodb":     {[]string{"check", "--store", "dynamodb"}, exitUsage, "data files"},
		"file without server":   {[]string{"token", "list", "--user", "1", "--token-file", "x"}, exitUsage, "--url"},
		"serve by HTTP":         {[]string{"serve", "--url", "http://x"}, exitUsage, "--url"},
		"server and store":      {[]string{"token", "list", "--url", "http://x"}, exitUsage, "exclude each other"},
		"serve with retention":  {[]string{"serve", "--expired-retention-days", "3"}, exitUsage, "--parameter ExpiredRetentionDays"},
		"unknown parameter":     {[]string{"serve", "--parameter", "Foo=1"}, exitUsage, "Foo"},
		"parameter not allowed": {[]string{"serve", "--parameter", "PatsEnabled=maybe"}, exitUsage, "PatsEnabled"},
		"not an address":        {[]string{"serve", "--listen", "3000"}, exitUsage, "127.0.0.1:3000"},
		"unknown user":          {[]string{"token", "list", "--user", "9"}, exitNotFound, "`pats user list`"},
		"disable unknown user":  {[]string{"user", "disable", "9"}, exitNotFound, "`pats user list`"},
		"delete unknown user":   {[]string{"user", "delete", "9"}, exitNotFound, "`pats user list`"},
		"unknown token":         {[]string{"token", "revoke", "--user", "1", "9"}, exitNotFound, "no token 9"},
		"user exists":           {[]string{"user", "create", "--username", "ada"}, exitRefused, "`pats user list`"},
		"last Admin disabled":   {[]string{"user", "disable", "1"}, exitRefused, "Make another Admin"},
		"last Admin deleted":    {[]string{"user", "delete", "1"}, exitRefused, "Make another Admin"},
		"duplicate":             {[]string{"token", "create", "--user", "1", "--description", "laptop"}, exitRefused, "another --description"},
	}
	for name, c := range cases { //nolint:paralleltest // a data file serves one command at a time
		t.Run(name, func(t *testing.T) {
			got := d.run(t, c.args...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, "pats: ", c.message)
			if got.Stdout != "" {
				t.Errorf("got stdout %q, want none", got.Stdout)
			}
		})
	}
}

func TestUserCommandsDoNotWorkThroughAServer(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "user create --username x", "user disable 1", "user enable 1", "user delete 1"} {
		d := newDesk(t)
		d.env["PATS_URL"] = "http://127.0.0.1:1"
		got := d.runBare(t, strings.Fields(args)...)
		wantCode(t, got, exitUsage)
		wantContains(t, "stderr", got.Stderr, "not through a server", "PATS_URL", "--store dynamodb")
	}
}

func TestLimitIsRefused(t *testing.T) {
	t.Parallel()
	d := populated(t)
	for description := range strings.FieldsSeq("b c d e f g h i j") {
		d.must(t, "token", "create", "--user", "1", "--description", description)
	}
	got := d.run(t, "token", "create", "--user", "1", "--description", "k")
	wantCode(t, got, exitRefused)
	wantContains(t, "stderr", got.Stderr, "Too many PATs (10)", "`pats token revoke`")
}

// TestMissingDataFile: a mistyped folder shall not look like a service without users.
func TestMissingDataFile(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"user list", "user disable 1", "token list --user 1", "token create --user 1 --description x", "check"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			got := d.run(t, strings.Fields(args)...)
			wantCode(t, got, exitUnavailable)
			wantContains(t, "stderr", got.Stderr, filepath.Join(d.data(), "pats.db"), "--data")
			wantFiles(t, d.folder)
		})
	}
}

func TestLockedDataFile(t *testing.T) {
	t.Parallel()
	d := populated(t)
	store, err := boltstore.Open(filepath.Join(d.data(), "pats.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // after the parallel cases
	pid := "process " + formatID(int64(os.Getpid()))
	for args, advice := range map[string]string{
		"token list --user 1":         "--url http://127.0.0.1:3000",
		"check":                       "--url http://127.0.0.1:3000",
		"serve --listen 127.0.0.1:0":  "--data FOLDER",
		"user create --username next": "until it is stopped",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			got := d.run(t, strings.Fields(args)...)
			wantCode(t, got, exitUnavailable)
			wantContains(t, "stderr", got.Stderr, pid, advice)
		})
	}
}

func TestTokenInAWrongPlaceIsNotShown(t *testing.T) {
	t.Parallel()
	d := populated(t)
	token := "user:v2_" + strings.Repeat("A", 66)
	for _, args := range [][]string{
		{"token", "revoke", "--user", "1", token},
		{"token", "list", "--user", token},
		{token},
		{"--store", token, "user", "list"},
	} {
		got := d.run(t, args...)
		wantCode(t, got, exitUsage)
		if strings.Contains(got.Stdout+got.Stderr, token[8:]) {
			t.Errorf("pats %s: the token is in\n%s", strings.Join(args, " "), got.Stderr)
		}
	}
}

func TestFlagsStandBeforeOrAfterTheCommand(t *testing.T) {
	t.Parallel()
	d := populated(t)
	before := d.runBare(t, "--data", d.data(), "--store", "bolt", "user", "list")
	after := d.runBare(t, "user", "list", "--store", "bolt", "--data", d.data())
	wantCode(t, before, exitOK)
	wantText(t, "answer", before.Stdout, after.Stdout)
}

func TestEnvironmentStandsInForFlags(t *testing.T) {
	t.Parallel()
	d := populated(t)
	d.env = map[string]string{"PATS_DATA": d.data(), "PATS_STORE": "bolt", "TABLE_NAME": "unused", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
	got := d.runBare(t, "user", "list")
	wantCode(t, got, exitOK)
	d.env["PATS_STORE"] = "dynamodb"
	wantCode(t, d.runBare(t, "user", "list", "--store", "bolt"), exitOK)
	d.env["PATS_STORE"] = "paper"
	got = d.runBare(t, "user", "list")
	wantCode(t, got, exitUsage)
	wantContains(t, "stderr", got.Stderr, "paper")
}

// TestCommandLineBeatsEnvironment: PATS_URL does not turn an explicit store into a server.
func TestCommandLineBeatsEnvironment(t *testing.T) {
	t.Parallel()
	d := populated(t)
	d.env["PATS_URL"] = "http://127.0.0.1:1"
	wantContains(t, "list", d.must(t, "token", "list", "--user", "1"), "laptop")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	d := populated(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr output
	if got := run(ctx, []string{"user", "list", "--data", d.data()}, d.world(&stdout, &stderr)); got != exitInterrupted {
		t.Errorf("got exit code %d, want %d", got, exitInterrupted)
	}
	wantText(t, "stderr", stderr.String(), "pats: interrupted\n")
}

func TestNoCommandShowsTheHelp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	got := d.runBare(t)
	wantCode(t, got, exitUsage)
	wantText(t, "stderr", got.Stderr, d.runBare(t, "--help").Stdout)
	wantText(t, "stdout", got.Stdout, "")
}

func TestHelpForNewcomers(t *testing.T) {
	t.Parallel()
	got := newDesk(t).runBare(t, "--help")
	wantCode(t, got, exitOK)
	wantText(t, "stderr", got.Stderr, "")
	wantContains(t, "help", got.Stdout,
		"Make the first user and token on a deployed table", "pats user create --username", "pats token create --user 1",
		"Users and tokens:", "$PATS_STORE", "$PATS_DATA", "$TABLE_NAME", "$PATS_URL", "PATS_TOKEN",
		"Exit codes:", "\n  0  ", "\n  1  ", "\n  2  ", "\n  3  ", "\n  4  ", "\n  5  ", "\n  130  ")
}

func TestHelpOfACommandLeavesOutWhatItHasNoUseFor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ shows, hides string }{
		"version":         {"--output", "--store"},
		"cost":            {"--ttl", "--store"},
		"admin-token new": {"--output", "--store"},
		"serve":           {"--parameter", "--url"},
		"user list":       {"--table", "--url"},
		"token list":      {"--url", "--listen"},
	}
	for command, c := range cases {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			got := newDesk(t).runBare(t, append(strings.Fields(command), "--help")...)
			wantCode(t, got, exitOK)
			wantContains(t, "help", got.Stdout, "Usage: pats "+command, c.shows)
			if strings.Contains(got.Stdout, c.hides+"=") {
				t.Errorf("got\n%s\nwant no %s", got.Stdout, c.hides)
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
	d := newDesk(t)
	wantContains(t, "text", d.runBare(t, "version").Stdout, "Version   v1.2.3\nCommit    abc with changes\nGo        go", "Platform  ")
	wantContains(t, "JSON", d.runBare(t, "version", "--output", "json").Stdout, `"version": "v1.2.3"`, `"commit": "abc with changes"`, `"platform": "`)
}
