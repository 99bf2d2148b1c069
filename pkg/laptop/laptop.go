// Package laptop is the stack of template.yaml in one process: the laptop's API Gateway in front, the functions behind it with
// the settings that the template gives them, and a Store instead of the table.
package laptop

import (
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"

	"pats"
	"pats/pkg/api"
	"pats/pkg/authz"
	"pats/pkg/config"
	"pats/pkg/gateway"
	"pats/pkg/pat"
)

// region stands for the one that AWS gives to functions; nothing here depends on it.
const region = "us-east-1"

// Stack is the template with the values of its parameters.
type Stack struct {
	options  gateway.Options
	settings map[string]config.Config
}

// Read reads the template. Errors: a parameter that the template does not have or does not allow, and settings that the
// functions do not take.
func Read(options gateway.Options) (*Stack, error) {
	environments, err := gateway.Environment(pats.Template(), options)
	if err != nil {
		return nil, err
	}
	s := &Stack{options: options, settings: map[string]config.Config{}}
	for function, variables := range environments {
		if s.settings[function], err = load(variables); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func load(variables map[string]string) (config.Config, error) {
	return config.Load(func(name string) string {
		if name == "AWS_REGION" {
			return region
		}
		return variables[name]
	})
}

// Gateway is the API on store. Its errors are those of gateway.New.
func (s *Stack) Gateway(store pat.Store, env pat.Env, log *slog.Logger) (*gateway.Gateway, error) {
	options := s.options
	options.Log = log
	return gateway.New(pats.Template(), s.Functions(store, env, log), options)
}

// Functions are the template's functions on store, by their logical ids.
func (s *Stack) Functions(store pat.Store, env pat.Env, log *slog.Logger) map[string]lambda.Handler {
	handlers := map[string]lambda.Handler{}
	for function, handler := range functions {
		settings := s.settings[function]
		service := pat.NewService(store, settings.Retention, env)
		handlers[function] = handler(service, settings, log)
	}
	return handlers
}

// Service applies the rules to store as the token routes do.
func (s *Stack) Service(store pat.Store, env pat.Env) *pat.Service {
	return pat.NewService(store, s.settings[tokensFunction].Retention, env)
}

// tokensFunction is the logical id of the function behind the token routes.
const tokensFunction = "TokensFunction"

// functions are what the mains of the functions wire, by the template's logical ids.
var functions = map[string]func(*pat.Service, config.Config, *slog.Logger) lambda.Handler{
	"AuthorizerFunction": func(service *pat.Service, settings config.Config, log *slog.Logger) lambda.Handler {
		return gateway.Handler(authz.New(service.AcceptImported(settings.AcceptImported), settings.Admin, log).Handle)
	},
	tokensFunction: func(service *pat.Service, settings config.Config, log *slog.Logger) lambda.Handler {
		of := api.TokensSettings{Admin: settings.Admin, Enabled: settings.Enabled}
		return gateway.Handler(api.NewTokens(service, of, log).Handle)
	},
	"UsersFunction": func(service *pat.Service, settings config.Config, log *slog.Logger) lambda.Handler {
		return gateway.Handler(api.NewUsers(service, settings.Admin, log).Handle)
	},
}
