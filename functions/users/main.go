// Command users is the Lambda behind the user routes.
package main

import (
	"context"
	"log/slog"
	"os"
	"runtime"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/api"
	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

func main() {
	runtime.GOMAXPROCS(1) // of a processor there is a share: what a second thread spends, the first one waits for
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		log.Error("wrong settings", "cause", err)
		os.Exit(1)
	}
	store := dynamostore.Connect(context.Background(), dynamostore.Settings(cfg.DynamoDB), cfg.Table, log)
	service := pat.NewService(store, cfg.Retention, pat.SystemEnv(log))
	lambda.Start(api.NewUsers(service, cfg.Admin, log).Handle)
}
