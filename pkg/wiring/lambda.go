package wiring

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

// Run serves Lambda's events with the handler that build returns, on the table that the environment names. It returns only if
// the environment is invalid. The log, which goes to logs as JSON, says why.
func Run[Handler any](build func(config.Config, pat.Store, pat.Env) Handler, variables config.Variables, logs io.Writer) error {
	log := slog.New(slog.NewJSONHandler(logs, nil))
	settings, settingsErr := config.Load(variables)
	table, tableErr := config.LoadTable(variables)
	if err := errors.Join(settingsErr, tableErr); err != nil {
		log.Error("invalid settings", "cause", err)
		return err
	}
	runtime.GOMAXPROCS(1) // Lambda grants a fraction of a CPU; a second thread only takes time from the first
	store := dynamostore.Connect(context.Background(), dynamostore.Settings(table.DynamoDB), table.Name, log)
	lambda.Start(build(settings, store, pat.SystemEnv(log)))
	return nil
}
