package main

import (
	"crypto/rand"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"pats"
	"pats/infra/local"
	"pats/pkg/apigw"
	"pats/pkg/authz"
	"pats/pkg/config"
	"pats/pkg/pat"
)

// The logical ids in the template.
const (
	authorizerFunction = "AuthorizerFunction"
	tokensFunction     = "TokensFunction"
	tableResource      = "Table"
)

// stack is the template with the values of its parameters.
type stack struct {
	options local.Options
	// authorizer and tokens are what the functions find in their environment.
	authorizer, tokens config.Config
}

// settings are those that the template gives to the functions, as on AWS.
func (c *serveCommand) settings(a *app) (*stack, error) {
	if err := a.storeOnly(); err != nil {
		return nil, err
	}
	if a.typed("expired-retention-days") {
		return nil, usage("serve takes this from the stack's template", "Use --parameter ExpiredRetentionDays=DAYS.")
	}
	s := &stack{options: local.Options{
		Parameters: c.Parameter,
		Resources:  map[string]string{tableResource: a.dataName()},
		Now:        a.now,
		Random:     rand.Reader,
	}}
	functions, err := local.Environment(pats.Template(), s.options)
	if err != nil {
		return nil, usage(err.Error(), "Is a --parameter wrong? Names and values are those of the stack's template.")
	}
	if s.authorizer, err = load(functions[authorizerFunction]); err != nil {
		return nil, err
	}
	s.tokens, err = load(functions[tokensFunction])
	return s, err
}

// dataName stands for the table in the functions' settings: they do not use it here.
func (a *app) dataName() string {
	if a.Store == storeDynamoDB && a.Table != "" {
		return a.Table
	}
	return dataFile
}

func load(variables map[string]string) (config.Config, error) {
	return config.Load(func(name string) string {
		if name == "AWS_REGION" {
			return localRegion // AWS sets it, not the template
		}
		return variables[name]
	})
}

// gateway is the API with its functions on store.
func (s *stack) gateway(a *app, store pat.Store, log *slog.Logger) (*local.Gateway, error) {
	options := s.options
	options.Log = log
	service := func(settings config.Config) *pat.Service {
		return pat.NewService(store, settings.Retention, a.env(log))
	}
	authorizer := authz.New(service(s.authorizer), s.authorizer.Admin, log)
	tokens := apigw.NewTokens(service(s.tokens), apigw.TokensSettings{Admin: s.tokens.Admin, Enabled: s.tokens.Enabled}, log)
	return local.New(pats.Template(), map[string]lambda.Handler{
		authorizerFunction: lambda.NewHandler(authorizer.Handle),
		tokensFunction:     lambda.NewHandler(tokens.Handle),
	}, options)
}
