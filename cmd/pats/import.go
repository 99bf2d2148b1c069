package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/schollz/progressbar/v3"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
	"pats/pkg/unleashdb"
)

type importUnleash struct {
	DatabaseURL string `name:"database-url" placeholder:"URL" from:"DATABASE_URL" help:"Unleash's PostgreSQL database: postgres://USER@HOST/NAME. It is only read. The password can stand in PGPASSWORD."`
	DryRun      bool   `help:"Say what would be imported and write nothing."`
	serviceFlags
}

// Help is what `pats import unleash --help` ends with.
func (*importUnleash) Help() string {
	return `Users and their personal access tokens are brought with their ids; the tokens stay valid once the stack's parameter
AcceptImportedTokens is true. Run it again to go on after an interruption, or to bring what is newer: what is here stays as it
is, and what was revoked here does not come back.

Examples:
  pats import unleash --database-url postgres://unleash@db.example.org/unleash --dry-run
  pats import unleash --database-url postgres://unleash@db.example.org/unleash --store dynamodb --table pats-Table-1ABC`
}

// Run imports the users and tokens.
func (c *importUnleash) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if c.DatabaseURL == "" {
		return failure.Misuse("import unleash needs --database-url", "It looks like postgres://USER@HOST/NAME; DATABASE_URL can have it too.")
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

func sourceFailed(err error) error {
	return &failure.Error{Code: failure.Unavailable, Message: "Unleash's database: " + err.Error(), Err: err}
}

// withImportStore lets work use a Service on the store that the flags name, or on a preview of it.
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
	if c.DryRun {
		if opened.Store, err = pat.NewPreview(ctx, opened.Store); err != nil {
			return err
		}
	}
	return work(pat.NewService(opened, retention, e.domain(slog.New(slog.DiscardHandler))))
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

// importFrom brings everything and prints the report. What was brought before a failure is in the store.
func (c *importUnleash) importFrom(ctx context.Context, e env, out *printer, source *unleashdb.Database, service *pat.Service) error {
	totals, err := source.Totals(ctx)
	if err != nil {
		return sourceFailed(err)
	}
	if err := service.ReserveUserIDs(ctx, totals.LastUser); err != nil {
		return err
	}
	begin := e.now()
	run := &importRun{service: service, advance: e.importBar(totals.Users), report: importReport{DryRun: c.DryRun, Refused: []importRefusal{}}}
	if err := run.all(ctx, source); err != nil {
		out.note("%d of %d users are done. The same command goes on from there.", run.done, totals.Users)
		return err
	}
	run.report.Seconds = e.now().Sub(begin).Seconds()
	return out.importReport(run.report)
}

// importBar shows how many users are done, if a person watches.
func (e env) importBar(users int) func() {
	if !e.terminal {
		return func() {}
	}
	bar := progressbar.NewOptions(users,
		progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSetDescription("importing users"),
		progressbar.OptionShowCount(),
		progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(e.stderr) }),
	)
	return func() { _ = bar.Add(1) } // a bar that cannot be drawn is no reason to stop
}

// importWorkers is how many users are written at once: as many as the AWS SDK keeps connections.
const importWorkers = 10

// importRun is an import under way.
type importRun struct {
	service *pat.Service
	advance func()

	mu     sync.Mutex
	done   int
	report importReport
}

// all imports the users side by side, and stops at the first failure.
func (r *importRun) all(ctx context.Context, source *unleashdb.Database) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	users := make(chan unleashdb.User)
	var workers sync.WaitGroup
	for range importWorkers {
		workers.Go(func() {
			for user := range users {
				if err := r.one(ctx, user); err != nil {
					stop(err)
				}
			}
		})
	}
	err := feed(ctx, source, users)
	close(users)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause // of which err is a consequence
	}
	if err == nil && ctx.Err() != nil {
		return pat.Unavailable(ctx.Err())
	}
	return err
}

func feed(ctx context.Context, source *unleashdb.Database, users chan<- unleashdb.User) error {
	for user, err := range source.Users(ctx) {
		if err != nil {
			return sourceFailed(err)
		}
		select {
		case users <- user:
		case <-ctx.Done():
			return pat.Unavailable(ctx.Err())
		}
	}
	return nil
}

func (r *importRun) one(ctx context.Context, user unleashdb.User) error {
	result := pat.Imported{Refusal: user.Refusal}
	if user.Refusal == "" {
		var err error
		if result, err = r.service.ImportUser(ctx, user.Account); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.advance()
	r.report.count(user.Account, result)
	return nil
}

// importReport is what became of everything.
type importReport struct {
	DryRun  bool            `json:"dryRun"`
	Users   importCounts    `json:"users"`
	Tokens  importCounts    `json:"tokens"`
	Refused []importRefusal `json:"refused"`
	Seconds float64         `json:"seconds"`
}

type importCounts struct {
	Imported int `json:"imported"`
	// Present were here already.
	Present int `json:"present"`
	Refused int `json:"refused"`
}

// importRefusal is a user, or one token of a user, that was not taken.
type importRefusal struct {
	User   pat.UserID  `json:"user"`
	Token  pat.TokenID `json:"token,omitempty"`
	Reason string      `json:"reason"`
}

func (r *importReport) count(user pat.Account, result pat.Imported) {
	if result.Refusal != "" {
		r.Users.Refused++
		r.Tokens.Refused += len(user.Tokens)
		r.Refused = append(r.Refused, importRefusal{User: user.ID, Reason: result.Refusal})
		return
	}
	r.Users.add(result.Made)
	for _, token := range result.Tokens {
		if token.Refusal == "" {
			r.Tokens.add(token.Added)
			continue
		}
		r.Tokens.Refused++
		r.Refused = append(r.Refused, importRefusal{user.ID, token.ID, token.Refusal})
	}
}

func (c *importCounts) add(imported bool) {
	if imported {
		c.Imported++
	} else {
		c.Present++
	}
}

func (c importCounts) cells(what string) []string {
	return []string{what, strconv.Itoa(c.Imported), strconv.Itoa(c.Present), strconv.Itoa(c.Refused)}
}

func (p *printer) importReport(report importReport) error {
	slices.SortFunc(report.Refused, func(a, b importRefusal) int {
		if a.User != b.User {
			return int(a.User - b.User)
		}
		return int(a.Token - b.Token)
	})
	imported := "IMPORTED"
	if report.DryRun {
		imported = "TO IMPORT"
	}
	rows := table{{"", imported, "ALREADY HERE", "NOT TAKEN"}, report.Users.cells("Users"), report.Tokens.cells("Tokens")}
	if err := p.print(report, rows); err != nil || p.format == formatJSON {
		return err
	}
	return p.importRefusals(report.Refused)
}

// importRefusals says why what was not taken was not. The tokens of a user who was not taken were not taken either.
func (p *printer) importRefusals(refused []importRefusal) error {
	rows := table{}
	for _, r := range refused {
		what := "user " + formatID(r.User)
		if r.Token != 0 {
			what += ", token " + formatID(r.Token)
		}
		rows = append(rows, []string{"Not taken: " + what, r.Reason})
	}
	return rows.write(p.stdout)
}
