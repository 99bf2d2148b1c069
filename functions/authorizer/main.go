// Command authorizer is the Lambda behind API Gateway's TOKEN authorizer.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/authz"
	"pats/pkg/config"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		log.Error("wrong settings", "cause", err)
		os.Exit(1)
	}
	store := dynamostore.New(dynamostore.NewClient(dynamostore.Settings(cfg.DynamoDB)), cfg.Table)
	warm(store, log)
	service := pat.NewService(store, cfg.Retention, pat.SystemEnv(log))
	lambda.Start(authz.New(service, cfg.Admin, log).Handle)
}

// warm uses the full processor that Lambda gives an initialisation to connect to the table. A failure is left to the requests.
func warm(store *dynamostore.Store, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := store.Warm(ctx); err != nil {
		log.Warn("the table was not reached during start", "cause", err)
	}
}
