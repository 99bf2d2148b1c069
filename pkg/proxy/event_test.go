package proxy_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/proxy"
)

func TestHeaderMergesBothForms(t *testing.T) {
	t.Parallel()
	got := proxy.Header(events.APIGatewayProxyRequest{
		MultiValueHeaders: map[string][]string{"accept": {"a", "b"}, "Accept": {"c"}},
		Headers:           map[string]string{"Accept": "c", "x-only-here": "d"},
	})
	want := http.Header{"Accept": {"c", "a", "b"}, "X-Only-Here": {"d"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct {
		event events.APIGatewayProxyRequest
		want  string
		err   error
	}{
		"none":                   {events.APIGatewayProxyRequest{}, "", nil},
		"text at the limit":      {events.APIGatewayProxyRequest{Body: strings.Repeat("x", 8)}, "xxxxxxxx", nil},
		"text above the limit":   {events.APIGatewayProxyRequest{Body: strings.Repeat("x", 9)}, "", proxy.ErrTooLarge},
		"base64 at the limit":    {events.APIGatewayProxyRequest{Body: encode("xxxxxxxx"), IsBase64Encoded: true}, "xxxxxxxx", nil},
		"base64 above the limit": {events.APIGatewayProxyRequest{Body: encode("xxxxxxxxx"), IsBase64Encoded: true}, "", proxy.ErrTooLarge},
		"not base64":             {events.APIGatewayProxyRequest{Body: "x!", IsBase64Encoded: true}, "", proxy.ErrNotBase64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := proxy.Body(c.event, 8)
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %q, error %v, want %q, error %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	for coding, want := range map[string]bool{"": false, "identity": false, "Identity, identity": false, "gzip": true, "identity, br": true} {
		if _, got := proxy.Compressed(http.Header{"Content-Encoding": {coding}}); got != want {
			t.Errorf("%q: got %t, want %t", coding, got, want)
		}
	}
}
