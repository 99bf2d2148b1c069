package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"pats/pkg/boltstore"
	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

// storeKind is what --store says; it is empty if nothing does, which means storeBolt.
type storeKind string

// The kinds of stores.
const (
	storeBolt     storeKind = "bolt"
	storeDynamoDB storeKind = "dynamodb"
)

// UnmarshalText reads the value of --store (encoding.TextUnmarshaler).
func (k *storeKind) UnmarshalText(text []byte) error {
	*k = storeKind(text)
	if *k != storeBolt && *k != storeDynamoDB {
		return fmt.Errorf("must be %s or %s, not %q", storeBolt, storeDynamoDB, text)
	}
	return nil
}

// dataFile is the name of the data file in the folder that --data names.
const dataFile = "pats.db"

// storeFlags say where users and tokens are kept.
type storeFlags struct {
	Store         storeKind `placeholder:"bolt|dynamodb" group:"store" from:"PATS_STORE" help:"A data file on this machine, or a DynamoDB table (default: bolt)."`
	Data          string    `default:".pats" placeholder:"FOLDER" group:"store" from:"PATS_DATA" help:"bolt: the folder of the data file pats.db (default: .pats)."`
	Table         string    `placeholder:"NAME" group:"store" from:"TABLE_NAME" help:"dynamodb: the table; a deployed stack has it in its output TableName."`
	Endpoint      string    `placeholder:"URL" group:"store" from:"AWS_ENDPOINT_URL_DYNAMODB,AWS_ENDPOINT_URL" help:"dynamodb: another address than AWS's own, such as http://127.0.0.1:8000 for DynamoDB Local, which needs no credentials (default: as the AWS CLI is configured)."`
	Region        string    `placeholder:"NAME" group:"store" help:"dynamodb: the AWS region; credentials, profiles and SSO are those of the AWS CLI (default: as the AWS CLI is configured; us-east-1 if --endpoint is on this machine)."`
	RetentionDays int       `name:"expired-retention-days" default:"30" placeholder:"DAYS" group:"store" from:"EXPIRED_RETENTION_DAYS" help:"Days for which an expired token is listed, and counts, after its end; the stack's parameter ExpiredRetentionDays (default: 30)."`
}

// opened is a store that is ready for use.
type opened struct {
	store pat.Store
	close func() error
}

// service applies the rules to the store.
func (o *opened) service(a *app, log *slog.Logger, retention time.Duration) *pat.Service {
	return pat.NewService(o.store, retention, a.env(log))
}

// env is the system's environment with the world's clock.
func (a *app) env(log *slog.Logger) pat.Env {
	env := pat.SystemEnv(log)
	env.Now = a.now
	return env
}

// withService opens the store, lets work use a Service on it, and closes it again.
func (a *app) withService(ctx context.Context, mayCreate bool, work func(*pat.Service) error) error {
	retention, err := a.retention()
	if err != nil {
		return err
	}
	opened, err := a.openStore(ctx, mayCreate)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return errors.Join(work(opened.service(a, log, retention)), opened.close())
}

// retention is checked as the functions check it, since it decides here too which expired tokens are dropped.
func (a *app) retention() (time.Duration, error) {
	retention, err := config.ParseRetention(strconv.Itoa(a.RetentionDays))
	if err != nil {
		return 0, usage("--expired-retention-days "+err.Error(), "")
	}
	return retention, nil
}

// openStore opens the store that the flags name. A data file is made only if mayCreate says so: a mistyped --data shall not
// look like a service without users.
func (a *app) openStore(ctx context.Context, mayCreate bool) (*opened, error) {
	if a.Store == storeDynamoDB {
		client, err := a.dynamoDB(ctx)
		if err != nil {
			return nil, err
		}
		return &opened{dynamostore.New(client, a.Table), func() error { return nil }}, nil
	}
	for _, flag := range []string{"table", "endpoint", "region"} {
		if a.typed(flag) {
			return nil, usage(fmt.Sprintf("--%s is for a DynamoDB table", flag), "Add --store dynamodb.")
		}
	}
	return a.openDataFile(mayCreate) //nolint:contextcheck // opening a file waits for a second at most
}

func (a *app) dataPath() string { return filepath.Join(a.Data, dataFile) }

func (a *app) openDataFile(mayCreate bool) (*opened, error) {
	path := a.dataPath()
	if _, err := os.Stat(path); !mayCreate && errors.Is(err, fs.ErrNotExist) {
		return nil, noDataFile(path)
	}
	store, err := boltstore.Open(path)
	if err != nil {
		return nil, explainDataFile(err)
	}
	return &opened{store, store.Close}, nil
}

func noDataFile(path string) error {
	return fail(exitUnavailable, "there is no data file "+path,
		"Is it the right --data? `pats serve` and `pats user create` make a data file.\n"+
			"For a deployed table, use --store dynamodb --table NAME.")
}
