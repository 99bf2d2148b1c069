package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"pats/pkg/config"
)

const clientSecret = "the-secret-in-this-test"

func signInVariables(change map[string]string) config.Variables {
	variables := map[string]string{
		"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "pats", "OIDC_CLIENT_SECRET": clientSecret,
	}
	maps.Copy(variables, change)
	return func(name string) string { return variables[name] }
}

func TestLoadSignIn(t *testing.T) {
	t.Parallel()
	loaded, err := config.Load(signInVariables(map[string]string{
		"ALLOWED_DOMAINS": "Example.ORG, example.com ,", "ALLOWED_GROUPS": "Staff, on call", "SESSION_HOURS": "1", "PUBLIC_URL": "https://pats.example/",
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := loaded.SignIn
	if !s.On() || strings.Join(s.Domains, "|") != "example.org|example.com" || strings.Join(s.Groups, "|") != "Staff|on call" ||
		s.SessionLifetime != time.Hour || s.PublicURL != "https://pats.example" || s.GroupsClaim != "groups" {
		t.Errorf("got %+v", s)
	}
}

// TestLoadSignInRefuses names the invalid variable, and quotes no value.
func TestLoadSignInRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]string{
		"OIDC_CLIENT_ID":     {"OIDC_CLIENT_ID": ""},
		"OIDC_CLIENT_SECRET": {"OIDC_CLIENT_SECRET": "123456789012345"},
		"OIDC_ISSUER":        {"OIDC_ISSUER": "http://id.example"},
		"PUBLIC_URL":         {"PUBLIC_URL": "https://user:planted@pats.example"},
		"SESSION_HOURS":      {"SESSION_HOURS": "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(signInVariables(change))
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Fatalf("got error %v, want one that names %s", err, name)
			}
			if strings.Contains(err.Error(), clientSecret) || strings.Contains(err.Error(), "planted") {
				t.Errorf("the error quotes a value: %v", err)
			}
		})
	}
}
