package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/pkg/config"
	"pats/pkg/pat"
)

// typedFlags are the names of the flags on the command line itself, rather than in the environment.
type typedFlags map[string]bool

func (t typedFlags) any(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return t[name] })
}

// storeNames are the flags that choose a store.
var storeNames = []string{"store", "data", "table", "endpoint", "region"}

// dataFlag names the folder of a data file.
type dataFlag struct {
	Data string `default:".pats" placeholder:"FOLDER" group:"store" from:"PATS_DATA" help:"Folder of the data file pats.db (default: .pats)."`
}

// tableFlags name a DynamoDB table.
type tableFlags struct {
	Table    string `placeholder:"NAME" group:"store" from:"TABLE_NAME" help:"DynamoDB table. A deployed stack names it in its output TableName."`
	Endpoint string `placeholder:"URL" group:"store" from:"AWS_ENDPOINT_URL_DYNAMODB,AWS_ENDPOINT_URL" help:"DynamoDB endpoint, such as http://127.0.0.1:8000 for DynamoDB Local, which needs no credentials (default: from the AWS configuration)."`
	Region   string `placeholder:"NAME" group:"store" help:"AWS region (default: from the AWS configuration, or us-east-1 for an endpoint on this machine)."`
}

func (f tableFlags) table() target.Table {
	return target.Table{Name: f.Table, Endpoint: f.Endpoint, Region: f.Region}
}

// storeFlags choose a store.
type storeFlags struct {
	Store target.Kind `placeholder:"bolt|dynamodb" group:"store" from:"PATS_STORE" help:"Data file on this machine, or DynamoDB table (default: bolt)."`
	dataFlag
	tableFlags
}

func (f storeFlags) store(typed typedFlags) (target.Store, error) {
	for _, flag := range []string{"table", "endpoint", "region"} {
		if f.Store != target.DynamoDB && typed[flag] {
			return target.Store{}, failure.Misuse(fmt.Sprintf("--%s is for a DynamoDB table", flag), "Add --store dynamodb.")
		}
	}
	return target.Store{Kind: f.Store, Folder: f.Data, Table: f.table()}, nil
}

// retentionFlag sets how long expired tokens stay in a store.
type retentionFlag struct {
	RetentionDays int `name:"expired-retention-days" default:"30" placeholder:"DAYS" group:"store" from:"EXPIRED_RETENTION_DAYS" help:"Days an expired token stays listed and counts toward the limit, as the stack's parameter ExpiredRetentionDays (default: 30)."`
}

func (f retentionFlag) retention() (time.Duration, error) {
	retention, err := config.ParseRetention(strconv.Itoa(f.RetentionDays))
	if err != nil {
		return 0, failure.Misuse("--expired-retention-days "+err.Error(), "")
	}
	return retention, nil
}

// catalogFlag names the scopes of other APIs for commands that create tokens in a store. A server knows its own.
type catalogFlag struct {
	ScopeCatalog string `placeholder:"LIST" group:"store" from:"SCOPES" help:"Scopes of other APIs that tokens can have, as the stack's parameter Scopes: orders:read,orders:write@Editor (default: none, only those of pats)."`
}

// catalog returns the catalog. Errors: failure.Usage.
func (f catalogFlag) catalog() (pat.ScopeCatalog, error) {
	catalog, err := pat.ParseScopeCatalog(f.ScopeCatalog)
	if err != nil {
		return pat.ScopeCatalog{}, failure.Misuse("--scope-catalog: "+err.Error(), "It is the stack's parameter Scopes: names with commas, each with @ROLE if a role is needed.")
	}
	return catalog, nil
}

// checkServer refuses the flag where there is a server. Errors: failure.Usage.
func (catalogFlag) checkServer(typed typedFlags) error {
	if typed["scope-catalog"] {
		return failure.Misuse("--scope-catalog is for a store", "A server knows its scopes. Leave it out.")
	}
	return nil
}

// access describes how a command uses a store.
type access struct {
	// create permits to create a missing data file.
	create bool
	// retention is how long expired tokens stay. Commands that neither list nor change tokens need none.
	retention time.Duration
	// scopes are those that exist. Commands that create no token need none.
	scopes pat.ScopeCatalog
}

// withService calls work with a Service on the store, and closes the store.
func (f storeFlags) withService(ctx context.Context, e env, typed typedFlags, a access, work func(*pat.Service) error) error {
	store, err := f.store(typed)
	if err != nil {
		return err
	}
	opened, err := store.Open(ctx, a.create)
	if err != nil {
		return err
	}
	e.warnOf(opened)
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return errors.Join(work(pat.NewService(opened, pat.Settings{Retention: a.retention, Scopes: a.scopes}, e.domain(log))), opened.Close())
}

// warnOf prints the warnings of a store.
func (e env) warnOf(opened *target.Opened) {
	out := &printer{stderr: e.stderr}
	for _, warning := range opened.Warnings {
		out.warn(warning)
	}
}

// domain returns the environment of the domain: the system's, with the clock of e.
func (e env) domain(log *slog.Logger) pat.Env {
	system := pat.SystemEnv(log)
	system.Now = e.now
	return system
}
