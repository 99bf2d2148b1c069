package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"pats/pkg/gateway"
	"pats/pkg/pat/pattest"
)

// TestGoFormIsAsJSON: a function in its Go form gets what it would get by way of JSON, and so does the client.
func TestGoFormIsAsJSON(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*http.Request){
		"plain":                    func(*http.Request) {},
		"a query":                  func(r *http.Request) { r.URL.RawQuery = "a=1&b=2&a=3;c" },
		"a query that is no UTF-8": func(r *http.Request) { r.URL.RawQuery = "a=%ff%fe&%80=x\xff" },
		"a header that is no UTF-8": func(r *http.Request) {
			r.Header["X-Odd"] = []string{"a\xff\xffb", "c\x80"}
			r.Header.Set("User-Agent", "curl\xff")
		},
		"a host that is no UTF-8": func(r *http.Request) { r.Host = "h\xff" },
		"a parameter":             func(r *http.Request) { r.URL.Path = "/items/a\xffb" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goForm, inGo := ask(t, edit, func(h lambda.Handler) lambda.Handler { return h })
			asJSON, byJSON := ask(t, edit, func(h lambda.Handler) lambda.Handler { return onlyJSON{h} })
			if diff := cmp.Diff(asJSON, goForm); diff != "" {
				t.Errorf("event (-by JSON +in Go):\n%s", diff)
			}
			if diff := cmp.Diff(byJSON.Result().Header, inGo.Result().Header); diff != "" {
				t.Errorf("header (-by JSON +in Go):\n%s", diff)
			}
			if inGo.Code != byJSON.Code || inGo.Body.String() != byJSON.Body.String() {
				t.Errorf("got %d %q, by JSON %d %q", inGo.Code, inGo.Body, byJSON.Code, byJSON.Body)
			}
		})
	}
}

// onlyJSON hides the Go form of a function.
type onlyJSON struct{ lambda.Handler }

// ask sends one request to a function that answers with much that is no UTF-8, and gives its event and the answer.
func ask(t *testing.T, edit func(*http.Request), form func(lambda.Handler) lambda.Handler) (events.APIGatewayProxyRequest, *httptest.ResponseRecorder) {
	t.Helper()
	var got events.APIGatewayProxyRequest
	echo := gateway.Handler(func(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		got = event
		return events.APIGatewayProxyResponse{
			StatusCode:        http.StatusAccepted,
			Headers:           map[string]string{"x-one": "1\xff", "X-Both": "b\xff"},
			MultiValueHeaders: map[string][]string{"x-many": {"1", "2\xff\xff"}, "X-Both": {"b\xff"}, "Date": {"today"}, "Te": {"x"}},
			Body:              event.Body + "\xff\xfe",
		}, nil
	})
	allow := gateway.Handler(func(ctx context.Context, event events.APIGatewayCustomAuthorizerRequest) (any, error) {
		return allowStage(ctx, event)
	})
	gateway, err := gateway.New([]byte(small), map[string]lambda.Handler{"Authorizer": allow, "Echo": form(echo)}, gateway.Options{
		Now: pattest.NewClock().Now, Random: pattest.NewRandom(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/items/1", strings.NewReader("body\xff\xff"))
	r.Header.Set("Authorization", goodToken)
	edit(r)
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, r)
	wantStatus(t, w, http.StatusAccepted)
	return got, w
}
