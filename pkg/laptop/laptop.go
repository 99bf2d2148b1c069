// Package laptop runs the stack of template.yaml in one process: the functions, with the settings that the template sets, on any
// store, behind the laptop's API Gateway.
package laptop

import (
	"pats"
	"pats/pkg/config"
	"pats/pkg/gateway"
	"pats/pkg/pat"
	"pats/pkg/wiring"
)

// The functions' logical IDs in the template.
const (
	authorizerFunction = "AuthorizerFunction"
	tokensFunction     = "TokensFunction"
	usersFunction      = "UsersFunction"
)

// Stack is the template with values for its parameters.
type Stack struct {
	options gateway.Options
	// settings are those of each function, by logical ID.
	settings map[string]config.Config
}

// Read reads the template. It returns an error if options has a parameter or a value that the template does not allow, or if a
// function's settings are invalid.
func Read(options gateway.Options) (*Stack, error) {
	environments, err := gateway.Environment(pats.Template(), options)
	if err != nil {
		return nil, err
	}
	s := &Stack{options: options, settings: map[string]config.Config{}}
	for function, variables := range environments {
		s.settings[function], err = config.Load(func(name string) string { return variables[name] })
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Gateway returns the API on store. Its errors are those of [gateway.New].
func (s *Stack) Gateway(store pat.Store, env pat.Env) (*gateway.Gateway, error) {
	options := s.options
	options.Log = env.Log
	return gateway.New(pats.Template(), s.Functions(store, env), options)
}

// Functions returns the template's functions on store, by logical ID.
func (s *Stack) Functions(store pat.Store, env pat.Env) gateway.Functions {
	return gateway.Functions{
		Authorizers: map[string]gateway.AuthorizerFunction{
			authorizerFunction: wiring.Authorizer(s.settings[authorizerFunction], store, env),
		},
		Proxies: map[string]gateway.ProxyFunction{
			tokensFunction: wiring.Tokens(s.settings[tokensFunction], store, env),
			usersFunction:  wiring.Users(s.settings[usersFunction], store, env),
		},
	}
}

// Service returns a Service on store with the settings of the token routes.
func (s *Stack) Service(store pat.Store, env pat.Env) *pat.Service {
	return pat.NewService(store, s.settings[tokensFunction].Retention, env)
}
