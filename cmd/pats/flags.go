package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
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

// limitFlags are the stack's limits of tokens, for commands that work on a store. A server has its own. They are checked as the
// variables of the functions are.
type limitFlags struct {
	MaxTokenDays       string `default:"0" placeholder:"DAYS" group:"store" from:"MAX_TOKEN_DAYS" help:"Longest lifetime of a new or rotated token, as the stack's parameter MaxTokenDays (default: 0, none)."`
	EnforceMaxLifetime string `default:"false" placeholder:"true|false" group:"store" from:"ENFORCE_MAX_LIFETIME" help:"Whether tokens also end that long after their last rotation, as the stack's parameter EnforceMaxLifetime (default: false)."`
	MaxTokensPerUser   string `default:"10" placeholder:"N" group:"store" from:"MAX_TOKENS_PER_USER" help:"Number of tokens a user can have, as the stack's parameter MaxTokensPerUser (default: 10)."`
	ExpiredTokensCount string `default:"true" placeholder:"true|false" group:"store" from:"EXPIRED_TOKENS_COUNT" help:"Whether expired tokens count toward that number, as the stack's parameter ExpiredTokensCount (default: true)."`
}

// apply returns settings with the limits. Errors: failure.Usage.
func (f limitFlags) apply(settings pat.Settings) (pat.Settings, error) {
	values := map[string]string{
		"MAX_TOKEN_DAYS": f.MaxTokenDays, "ENFORCE_MAX_LIFETIME": f.EnforceMaxLifetime,
		"MAX_TOKENS_PER_USER": f.MaxTokensPerUser, "EXPIRED_TOKENS_COUNT": f.ExpiredTokensCount,
	}
	limits, err := config.LoadLimits(func(name string) string { return values[name] })
	if err != nil {
		variable, rule, _ := strings.Cut(err.Error(), " ")
		rule, _, _ = strings.Cut(rule, "\n") // the first invalid one is enough
		return pat.Settings{}, failure.Misuse("--"+strings.ToLower(strings.ReplaceAll(variable, "_", "-"))+" "+rule, "")
	}
	return limits.Apply(settings), nil
}

// prefixFlag is the stack's prefix of new tokens, for commands that issue one in a store. A server has its own.
type prefixFlag struct {
	TokenPrefix string `default:"user:v2_" enum:"user:v2_,pats_" placeholder:"user:v2_|pats_" group:"store" from:"TOKEN_PREFIX" help:"Prefix of the token, as the stack's parameter TokenPrefix. Both are accepted (default: user:v2_)."`
}

// prefixed returns settings with the prefix. Errors: failure.Usage.
func (f prefixFlag) prefixed(settings pat.Settings) (pat.Settings, error) {
	prefix, err := pat.ParseTokenPrefix(f.TokenPrefix)
	if err != nil {
		return pat.Settings{}, failure.Misuse("--token-prefix "+err.Error(), "")
	}
	settings.TokenPrefix = prefix
	return settings, nil
}

// mintFlags are the stack's parameters for new tokens, for commands that create tokens in a store. A server has its own.
type mintFlags struct {
	ScopeCatalog string `placeholder:"LIST" group:"store" from:"SCOPES" help:"Scopes of other APIs that tokens can have, as the stack's parameter Scopes: orders:read,orders:write@Editor (default: none, only those of pats)."`
	prefixFlag
}

// mint returns the settings for new tokens. Errors: failure.Usage.
func (f mintFlags) mint() (pat.Settings, error) {
	catalog, err := pat.ParseScopeCatalog(f.ScopeCatalog)
	if err != nil {
		return pat.Settings{}, failure.Misuse("--scope-catalog: "+err.Error(), "It is the stack's parameter Scopes: names with commas, each with @ROLE if a role is needed.")
	}
	return f.prefixed(pat.Settings{Scopes: catalog})
}

// refuseOnServer refuses flags for a store, where there is a server. Errors: failure.Usage.
func refuseOnServer(typed typedFlags, flags ...string) error {
	for _, flag := range flags {
		if typed[flag] {
			return failure.Misuse(fmt.Sprintf("--%s is for a store", flag), "A server has its own setting. Leave it out.")
		}
	}
	return nil
}

// access describes how a command uses a store.
type access struct {
	// create permits to create a missing data file.
	create bool
	// settings are those that the command needs: Retention to list or change tokens, the others to create one.
	settings pat.Settings
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
	return errors.Join(work(pat.NewService(opened, a.settings, e.domain(log))), opened.Close())
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
