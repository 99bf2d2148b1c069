// Package laptop runs the stack of template.yaml in one process: the functions, with the settings that the template sets, on any
// store, behind the laptop's API Gateway.
package laptop

import (
	"pats"
	"pats/pkg/config"
	"pats/pkg/gateway"
	"pats/pkg/pat"
	"pats/pkg/wiring/authorizers"
	"pats/pkg/wiring/oidc"
	"pats/pkg/wiring/openroutes"
	"pats/pkg/wiring/pages"
	"pats/pkg/wiring/reports"
	"pats/pkg/wiring/routes"
	"pats/pkg/wiring/sessions"
)

// The functions' logical IDs in the template.
const (
	authorizerFunction      = "AuthorizerFunction"
	tokensFunction          = "TokensFunction"
	usersFunction           = "UsersFunction"
	pageFunction            = "PageFunction"
	signInFunction          = "SignInFunction"
	sessionFunction         = "SessionFunction"
	adminSessionFunction    = "AdminSessionFunction"
	oauthFunction           = "OAuthFunction"
	leaksFunction           = "LeaksFunction"
	adminTokensFunction     = "AdminTokensFunction"
	serviceAccountsFunction = "ServiceAccountsFunction"
)

// Stack is the template with values for its parameters.
type Stack struct {
	parameters map[string]string
	// settings are those of each function, by logical ID.
	settings map[string]config.Config
}

// Read returns the template with parameters; others have their defaults. It returns an error if the template does not have a
// parameter or does not allow its value, or if a function's settings are invalid.
func Read(parameters map[string]string) (*Stack, error) {
	s := &Stack{parameters: parameters, settings: map[string]config.Config{}}
	environments, err := gateway.Environment(pats.Template(), s.options())
	if err != nil {
		return nil, err
	}
	for function, variables := range environments {
		s.settings[function], err = config.Load(func(name string) string { return variables[name] })
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Stack) options() gateway.Options {
	return gateway.Options{
		Parameters: s.parameters,
		// The functions get the store itself, so their TABLE_NAME is not used.
		Resources: map[string]string{"Table": "unused"},
	}
}

// Gateway returns the API with functions behind it, which are those of s or take their place. Its errors are those of
// [gateway.New].
func (s *Stack) Gateway(functions gateway.Functions, env pat.Env) (*gateway.Gateway, error) {
	options := s.options()
	options.Now, options.Random, options.Log = env.Now, env.Random, env.Log
	return gateway.New(pats.Template(), functions, options)
}

// Functions returns the template's functions on store, by logical ID.
func (s *Stack) Functions(store pat.Store, env pat.Env) gateway.Functions {
	return gateway.Functions{
		Authorizers: map[string]gateway.AuthorizerFunction{
			authorizerFunction: authorizers.Own(s.settings[authorizerFunction], store, env),
		},
		Proxies: map[string]gateway.ProxyFunction{
			tokensFunction:          routes.Tokens(s.settings[tokensFunction], store, env),
			usersFunction:           routes.Users(s.settings[usersFunction], store, env),
			pageFunction:            pages.Page(s.settings[pageFunction], env),
			signInFunction:          oidc.SignIn(s.settings[signInFunction], env),
			sessionFunction:         sessions.Sessions(s.settings[sessionFunction], store, env),
			adminSessionFunction:    sessions.Admins(s.settings[adminSessionFunction], store, env),
			oauthFunction:           openroutes.OAuth(s.settings[oauthFunction], store, env),
			leaksFunction:           reports.Leaks(s.settings[leaksFunction], store, env),
			adminTokensFunction:     routes.AdminTokens(s.settings[adminTokensFunction], store, env),
			serviceAccountsFunction: routes.ServiceAccounts(s.settings[serviceAccountsFunction], store, env),
		},
	}
}

// Service returns a Service on store with the settings of the token routes.
func (s *Stack) Service(store pat.Store, env pat.Env) *pat.Service {
	return pat.NewService(store, s.settings[tokensFunction].Domain(), env)
}
