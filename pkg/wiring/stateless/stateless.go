// Package stateless runs a Lambda function that has no store. It does not import one, so that the function's binary is small.
package stateless

import (
	"io"
	"log/slog"
	"runtime"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/config"
	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// Run serves Lambda's events with the handler that build returns. It returns only if the environment is invalid. The log, which goes to
// logs as JSON, says why.
func Run(build func(config.Config, pat.Env) proxy.Handler, variables config.Variables, logs io.Writer) error {
	log := slog.New(slog.NewJSONHandler(logs, nil))
	settings, err := config.Load(variables)
	if err != nil {
		log.Error("invalid settings", "cause", err)
		return err
	}
	runtime.GOMAXPROCS(1) // Lambda grants a fraction of a CPU; a second thread only takes time from the first
	lambda.Start(build(settings, pat.SystemEnv(log)))
	return nil
}
