package deployed_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/ministack"
	"pats/infra/testkit/must"
)

// refuseUnpermitted deploys APIs that must not invoke the shared authorizer, although they name it. infra/contract/protect has APIs
// that may.
func refuseUnpermitted(t *testing.T, s *stack) {
	template, err := filepath.Abs("testdata/unpermitted.yaml")
	must.Do(t, err)
	outputs, err := s.emulator.Deploy(t.Context(), ministack.Stack{
		Name: "unpermitted", Template: template, Parameters: map[string]string{"SharedAuthorizerArn": s.Outputs["SharedAuthorizerArn"]},
	})
	must.Do(t, err)
	for _, output := range []string{"RestUrl", "HttpUrl"} {
		address, err := s.emulator.Address(outputs[output])
		must.Do(t, err)
		request := apiclient.Request{Method: http.MethodGet, Path: "/", Token: read(t, s.token)}
		got, err := apiclient.Send(t.Context(), apiclient.New(t, 1), address, request)
		must.Do(t, err)
		if got.Status != http.StatusInternalServerError {
			t.Errorf("%s: got %v, want 500, since API Gateway cannot invoke the authorizer", output, got)
		}
	}
}
