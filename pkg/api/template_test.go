package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"pats"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
	"pats/pkg/proxy"
)

// gatewayResponse is a response of API Gateway itself, without a function.
type gatewayResponse struct {
	StatusCode         int `yaml:"StatusCode"`
	ResponseParameters struct {
		Headers map[string]yaml.Node `yaml:"Headers"`
	} `yaml:"ResponseParameters"`
	ResponseTemplates map[string]string `yaml:"ResponseTemplates"`
}

// headers returns the values of the headers as the template has them, or what it has if CorsOrigin is set.
func (g gatewayResponse) headers() map[string]string {
	values := map[string]string{}
	for name, value := range g.ResponseParameters.Headers {
		if value.Tag == "!If" && len(value.Content) == 3 && value.Content[0].Value == "WithoutCors" {
			value = *value.Content[2]
		}
		values[name] = value.Value
	}
	return values
}

type template struct {
	Resources struct {
		API struct {
			Properties struct {
				GatewayResponses map[string]gatewayResponse `yaml:"GatewayResponses"`
			} `yaml:"Properties"`
		} `yaml:"Api"`
		TokensFunction          function `yaml:"TokensFunction"`
		UsersFunction           function `yaml:"UsersFunction"`
		LeaksFunction           function `yaml:"LeaksFunction"`
		AdminTokensFunction     function `yaml:"AdminTokensFunction"`
		OAuthFunction           function `yaml:"OAuthFunction"`
		ServiceAccountsFunction function `yaml:"ServiceAccountsFunction"`
	} `yaml:"Resources"`
}

type function struct {
	Properties struct {
		Events map[string]struct {
			Properties struct {
				Path   string `yaml:"Path"`
				Method string `yaml:"Method"`
				Auth   struct {
					Authorizer string `yaml:"Authorizer"`
				} `yaml:"Auth"`
			} `yaml:"Properties"`
		} `yaml:"Events"`
	} `yaml:"Properties"`
}

func readTemplate(t *testing.T) template {
	t.Helper()
	var read template
	if err := yaml.Unmarshal(pats.Template(), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

var variable = regexp.MustCompile(`\$[A-Za-z.{]+`)

// render fills in a response template as API Gateway does, without escaping.
func render(template, reason string) string {
	return strings.NewReplacer("$context.requestId", testID, "$context.authorizer.reason", reason).Replace(template)
}

// TestGatewayResponsesLookLikeOurs checks that the errors of API Gateway have the form of those of the functions.
func TestGatewayResponsesLookLikeOurs(t *testing.T) {
	t.Parallel()
	const noHeader = "You must log in to use Unleash. Your request had no authorization header, so we could not authorize you. Try logging in at /auth/simple/login."
	busy := pat.Unavailable(nil).Message
	plain := func(name, message string) apitypes.Error {
		return apitypes.Error{ID: testID, Name: name, Message: message, Details: []apitypes.Detail{{Message: message}}}
	}
	bearer, retry := map[string]string{"WWW-Authenticate": "'Bearer'"}, map[string]string{"Retry-After": "'" + retryAfter + "'"}
	want := map[string]struct {
		status  int
		headers map[string]string
		body    apitypes.Error
	}{
		"UNAUTHORIZED": {http.StatusUnauthorized, bearer, plain("AuthenticationRequired", noHeader)},
		"ACCESS_DENIED": {http.StatusUnauthorized, bearer,
			apitypes.Error{ID: testID, Name: "AuthenticationRequired", Message: LoginMessage, Details: []apitypes.Detail{{Message: string(pat.ReasonExpired)}}}},
		"AUTHORIZER_FAILURE":             {http.StatusServiceUnavailable, retry, plain("ServiceUnavailableError", busy)},
		"AUTHORIZER_CONFIGURATION_ERROR": {http.StatusServiceUnavailable, retry, plain("ServiceUnavailableError", busy)},
		"THROTTLED":                      {http.StatusTooManyRequests, retry, plain("RateLimitError", "Too many requests. Try again shortly.")},
		"REQUEST_TOO_LARGE":              {http.StatusRequestEntityTooLarge, nil, plain("BadDataError", "The request is too large.")},
		// These two have no status and keep that of the error.
		"DEFAULT_4XX": {0, nil, plain("BadRequestError", "The request cannot be accepted.")},
		"DEFAULT_5XX": {0, nil, plain("UnknownError", faultMessage)},
	}
	got := readTemplate(t).Resources.API.Properties.GatewayResponses
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Fatalf("gateway responses (-want +got):\n%s", diff)
	}
	for name, w := range want {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := got[name]
			if g.StatusCode != w.status {
				t.Errorf("status: got %d, want %d", g.StatusCode, w.status)
			}
			headers := map[string]string{
				"Cache-Control": "'no-store'", "X-Content-Type-Options": "'nosniff'",
				"Access-Control-Allow-Origin": "'${CorsOrigin}'", "Access-Control-Expose-Headers": "'" + proxy.ExposedHeaders + "'",
			}
			maps.Copy(headers, w.headers)
			if diff := cmp.Diff(headers, g.headers()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if len(g.ResponseTemplates) != 1 {
				t.Errorf("templates: got %d, want one for application/json", len(g.ResponseTemplates))
			}
			decoder := json.NewDecoder(strings.NewReader(render(g.ResponseTemplates[jsonType], string(pat.ReasonExpired))))
			decoder.DisallowUnknownFields()
			var body apitypes.Error
			if err := decoder.Decode(&body); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(w.body, body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGatewayAndFunctionsUseTheSameNames compares the names of errors with the same status.
func TestGatewayAndFunctionsUseTheSameNames(t *testing.T) {
	t.Parallel()
	for name, g := range readTemplate(t).Resources.API.Properties.GatewayResponses {
		for kind, as := range errorOf {
			if as.status == g.StatusCode && !strings.Contains(g.ResponseTemplates[jsonType], `"name":"`+as.name+`"`) {
				t.Errorf("%s: got %s, want the name %s, which kind %d has with status %d", name, g.ResponseTemplates[jsonType], as.name, kind, as.status)
			}
		}
	}
}

// TestGatewayResponsesHaveNoFreeText checks the variables in the bodies, whose values API Gateway does not escape.
func TestGatewayResponsesHaveNoFreeText(t *testing.T) {
	t.Parallel()
	for name, g := range readTemplate(t).Resources.API.Properties.GatewayResponses {
		for _, found := range variable.FindAllString(g.ResponseTemplates[jsonType], -1) {
			if found != "$context.requestId" && (found != "$context.authorizer.reason" || name != "ACCESS_DENIED") {
				t.Errorf("%s: got the variable %s, want $context.requestId, or the reason of a denial", name, found)
			}
		}
	}
	for _, reason := range []pat.Reason{pat.ReasonInvalid, pat.ReasonExpired, pat.ReasonDisabled, pat.ReasonRotated} {
		if quoted := fmt.Sprintf("%q", string(reason)); strings.ContainsAny(string(reason), `"\$`) || !json.Valid([]byte(quoted)) {
			t.Errorf("reason %s: cannot be part of JSON unescaped", quoted)
		}
	}
}

// TestTemplateHasEveryRoute compares the resources of the handlers with those of template.yaml, which has one more for all other paths.
func TestTemplateHasEveryRoute(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	functions := readTemplate(t).Resources
	wantResources(t, functions.TokensFunction, NewTokens(nil, TokensSettings{Enabled: true}, log), "/{proxy+}")
	wantResources(t, functions.UsersFunction, NewUsers(nil, pat.AdminKey{}, log))
	wantResources(t, functions.AdminTokensFunction, NewAdminTokens(nil, pat.AdminKey{}, log))
	wantResources(t, functions.ServiceAccountsFunction, NewServiceAccounts(nil, TokensSettings{}, log))
}

func wantResources(t *testing.T, f function, h *Handler, more ...string) {
	t.Helper()
	want := append(slices.Collect(maps.Keys(h.routes)), more...)
	slices.Sort(want)
	var got []string
	for name, event := range f.Properties.Events {
		got = append(got, event.Properties.Path)
		if event.Properties.Method != "ANY" {
			t.Errorf("event %s: got method %s, want ANY, so that the function responds to unknown methods", name, event.Properties.Method)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-ours +template's):\n%s", diff)
	}
}
