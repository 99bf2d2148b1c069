package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/schollz/progressbar/v3"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
	"pats/pkg/unleashdb"
)

type importUnleash struct {
	DatabaseURL string `name:"database-url" placeholder:"URL" from:"DATABASE_URL" help:"Unleash's PostgreSQL database, for example postgres://USER@HOST/NAME. It is only read. PGPASSWORD can hold the password."`
	DryRun      bool   `help:"List what would be imported, what would not, and why. Writes nothing."`
	storeFlags
	retentionFlag
}

// Help is the end of the output of `pats import unleash --help`.
func (*importUnleash) Help() string {
	return `Imports users and their personal access tokens, with their ids, into the store that --store names. The tokens
work here once the stack's parameter AcceptImportedTokens is true. Rerun the command to resume after an
interruption, or to pick up new records: users and tokens that exist here stay as they are, and tokens that were
revoked here do not come back.

Examples:
  pats import unleash --database-url postgres://unleash@db.example.org/unleash --dry-run
  pats import unleash --database-url postgres://unleash@db.example.org/unleash --store dynamodb --table pats-Table-1ABC`
}

// Run imports the users and tokens.
func (c *importUnleash) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if c.DatabaseURL == "" {
		return failure.Misuse("import unleash needs --database-url", "It looks like postgres://USER@HOST/NAME. The variable DATABASE_URL can hold it too.")
	}
	source, err := unleashdb.Open(ctx, c.DatabaseURL)
	if err != nil {
		return sourceFailed(err)
	}
	err = c.withImportStore(ctx, e, typed, func(service *pat.Service) error {
		return c.importFrom(ctx, e, out, source, service)
	})
	return errors.Join(err, source.Close(context.WithoutCancel(ctx)))
}

// sourceFailed returns the failure for an error of Unleash's database.
func sourceFailed(err error) error {
	if errors.Is(err, unleashdb.ErrURL) {
		return failure.Misuse("--database-url: "+err.Error(), "It looks like postgres://USER@HOST/NAME. Put the password into PGPASSWORD, or percent-encode its special\n"+
			"characters: %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %.")
	}
	return &failure.Error{Code: failure.Unavailable, Message: "Unleash's database: " + err.Error(), Err: err}
}

// withImportStore calls work with a Service on the store that the flags name, or on a preview of it.
func (c *importUnleash) withImportStore(ctx context.Context, e env, typed typedFlags, work func(*pat.Service) error) (err error) {
	retention, err := c.retention()
	if err != nil {
		return err
	}
	opened, err := c.openForImport(ctx, typed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	e.warnOf(opened)
	if c.DryRun {
		if opened.Store, err = pat.NewPreview(ctx, opened.Store); err != nil {
			return err
		}
	}
	return work(pat.NewService(opened, pat.Settings{Retention: retention}, e.domain(slog.New(slog.DiscardHandler))))
}

// openForImport opens the store. It creates a missing data file, for a dry run in a temporary folder.
func (c *importUnleash) openForImport(ctx context.Context, typed typedFlags) (*target.Opened, error) {
	store, err := c.store(typed)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(store.DataFile()); !c.DryRun || store.Kind == target.DynamoDB || err == nil {
		return store.Open(ctx, true)
	}
	folder, err := os.MkdirTemp("", "pats-dry-run-")
	if err != nil {
		return nil, err
	}
	opened, err := target.Store{Folder: folder}.Open(ctx, true)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	closeStore := opened.Close
	opened.Close = func() error { return errors.Join(closeStore(), os.RemoveAll(folder)) }
	return opened, nil
}

// importFrom imports everything and prints the report. What was imported before a failure stays.
func (c *importUnleash) importFrom(ctx context.Context, e env, out *printer, source *unleashdb.Database, service *pat.Service) error {
	totals, err := source.Totals(ctx)
	if err != nil {
		return sourceFailed(err)
	}
	if err := service.ReserveUserIDs(ctx, totals.LastUser); err != nil {
		return err
	}
	begin := e.now()
	run := &importRun{service: service, advance: e.importBar(totals.Users, c.DryRun), report: newImportReport(c.DryRun)}
	if err := run.all(ctx, source); err != nil {
		if e.terminal {
			out.note("") // it ends the line of the progress bar
		}
		out.note("Stopped after %d of %d users. Rerun the command to resume.", run.done, totals.Users)
		return err
	}
	run.report.Seconds = e.now().Sub(begin).Seconds()
	return out.importReport(run.report)
}

// importBar returns a function that counts a user in a progress bar, if a person watches.
func (e env) importBar(users int, dry bool) func() {
	if !e.terminal {
		return func() {}
	}
	description := "Importing users"
	if dry {
		description = "Checking users"
	}
	bar := progressbar.NewOptions(users,
		progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSetDescription(description),
		progressbar.OptionShowCount(),
		progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(e.stderr) }),
	)
	return func() { _ = bar.Add(1) } // an import does not stop because a bar cannot be drawn
}
