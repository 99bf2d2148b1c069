package cost_test

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"pats"
	"pats/pkg/cost"
)

// template is the part of template.yaml that a request's bytes depend on.
type template struct {
	Resources struct {
		API struct {
			Properties struct {
				MethodSettings []struct {
					MetricsEnabled bool `yaml:"MetricsEnabled"`
				} `yaml:"MethodSettings"`
				AccessLogSetting struct {
					Format string `yaml:"Format"`
				} `yaml:"AccessLogSetting"`
				GatewayResponses map[string]struct {
					ResponseTemplates map[string]string `yaml:"ResponseTemplates"`
				} `yaml:"GatewayResponses"`
			} `yaml:"Properties"`
		} `yaml:"Api"`
	} `yaml:"Resources"`
}

func readTemplate(t *testing.T) template {
	t.Helper()
	var read template
	must(t, yaml.Unmarshal(pats.Template(), &read))
	return read
}

// values are typical of API Gateway's variables.
var values = map[string]string{
	"$context.requestId":            "9c40958a-daac-400e-98fb-3bb438567008",
	"$context.extendedRequestId":    "JKJaXmPLvHcESHA=",
	"$context.authorizer.requestId": "9c40958a-daac-400e-98fb-3bb438567008",
	"$context.requestTimeEpoch":     "1795423504000",
	"$context.identity.sourceIp":    "192.0.2.123",
	"$context.httpMethod":           "GET",
	"$context.resourcePath":         "/api/admin/user/tokens",
	"$context.status":               "200",
	"$context.authorizer.userId":    "1234",
	"$context.authorizer.kind":      "user",
	"$context.authorizer.reason":    "-",
	"$context.error.responseType":   "-",
	"$context.authorizer.latency":   "23",
	"$context.responseLatency":      "45",
}

var variable = regexp.MustCompile(`\$context\.[A-Za-z.]*[A-Za-z]`)

func fill(t *testing.T, text string) string {
	t.Helper()
	return variable.ReplaceAllStringFunc(text, func(name string) string {
		value, known := values[name]
		if !known {
			t.Errorf("the test has no typical value of %s", name)
		}
		return value
	})
}

// gatewayResponse returns the size of a gateway response in bytes.
func gatewayResponse(t *testing.T, kind string) float64 {
	t.Helper()
	response, there := readTemplate(t).Resources.API.Properties.GatewayResponses[kind]
	if !there {
		t.Fatalf("the template has no gateway response %s", kind)
	}
	reason := strings.Replace(response.ResponseTemplates["application/json"], "$context.authorizer.reason", "The token is not valid.", 1)
	return float64(len(fill(t, reason)))
}

func TestAccessLine(t *testing.T) {
	t.Parallel()
	wantNear(t, "bytes of a line of the access log", float64(len(fill(t, readTemplate(t).Resources.API.Properties.AccessLogSetting.Format))), cost.AccessLine)
}

// TestNoMetricsOfMethods checks that the template has no per-method metrics, since no bill has a line for them.
func TestNoMetricsOfMethods(t *testing.T) {
	t.Parallel()
	for _, settings := range readTemplate(t).Resources.API.Properties.MethodSettings {
		if settings.MetricsEnabled {
			t.Error("MethodSettings have MetricsEnabled, which no bill includes")
		}
	}
}
