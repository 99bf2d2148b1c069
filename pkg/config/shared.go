package config

import (
	"errors"
	"strings"
)

const (
	sharedEnabled  = "SHARED_AUTHORIZER_ENABLED"
	requireRoutes  = "REQUIRE_ROUTES"
	tokenParameter = "WEBSOCKET_TOKEN_PARAMETER" //nolint:gosec // a name, no credential
)

// Shared holds the settings of the shared authorizer. Its fields are those of authz.SharedSettings.
type Shared struct {
	// Enabled is the kill switch, on by default.
	Enabled bool
	// RequireRoutes refuses APIs without a route map. By default they are accepted.
	RequireRoutes bool
	// TokenParameter is the query parameter for tokens of WebSocket clients, by default none.
	TokenParameter string
}

func loadShared(variables Variables) (Shared, error) {
	enabled, enabledErr := boolean(variables, sharedEnabled, true)
	require, requireErr := boolean(variables, requireRoutes, false)
	parameter, parameterErr := queryParameter(variables)
	return Shared{enabled, require, parameter}, errors.Join(enabledErr, requireErr, parameterErr)
}

const (
	maxParameterLen = 32
	parameterChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
)

// queryParameter has the template's AllowedPattern.
func queryParameter(variables Variables) (string, error) {
	name := variables(tokenParameter)
	if len(name) > maxParameterLen || strings.Trim(name, parameterChars) != "" {
		return "", invalid(tokenParameter, "up to 32 letters, digits, underscores and hyphens")
	}
	return name, nil
}
