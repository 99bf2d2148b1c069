package guard_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/boltstore"
	"pats/pkg/guard"
	"pats/pkg/pat"
)

// A function behind a REST API needs another scope for each method.
func ExampleGuard_REST() {
	required := map[string]pat.Scope{http.MethodGet: "orders:read", http.MethodPost: "orders:write"}
	handle := func(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		claims, refusal := guard.Require(required[event.HTTPMethod]).REST(event)
		if refusal != nil {
			return refusal.REST(), nil
		}
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK, Body: "orders of " + claims.Username}, nil
	}

	event := events.APIGatewayProxyRequest{HTTPMethod: http.MethodGet}
	event.RequestContext.Authorizer = map[string]any{
		"userId": "7", "username": "vera", "scope": "orders:read", "tokenId": "3", "expiresAt": "2999-01-01T00:00:00.000Z",
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		event.HTTPMethod = method
		response, _ := handle(context.Background(), event)
		fmt.Println(response.StatusCode, response.Body)
		fmt.Println(response.Headers["WWW-Authenticate"])
	}
	// Output:
	// 200 orders of vera
	//
	// 403 {"message":"The token needs the scope orders:write."}
	// Bearer error="insufficient_scope", scope="orders:write"
}

// A function behind an HTTP API with payload format 2.0.
func ExampleGuard_HTTPAPI() {
	handle := func(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		claims, refusal := guard.Require("orders:read").HTTPAPI(event)
		if refusal != nil {
			return refusal.HTTPAPI(), nil
		}
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: "orders of " + claims.Username}, nil
	}

	var event events.APIGatewayV2HTTPRequest
	event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: map[string]any{
		"userId": "7", "username": "vera", "scope": "orders:read", "tokenId": "3", "expiresAt": "1999-01-01T00:00:00.000Z",
	}}
	response, _ := handle(context.Background(), event)
	fmt.Println(response.StatusCode, response.Body)
	fmt.Println(response.Headers["WWW-Authenticate"])
	// Output:
	// 401 {"message":"The token has expired."}
	// Bearer error="invalid_token"
}

// A function of a WebSocket API checks each message, since a connection can outlive its token.
func ExampleGuard_WebSocket() {
	handle := func(_ context.Context, event events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		if _, refusal := guard.Require("orders:read").WebSocket(event); refusal != nil {
			return refusal.REST(), nil
		}
		return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
	}

	response, _ := handle(context.Background(), events.APIGatewayWebsocketProxyRequest{})
	fmt.Println(response.StatusCode, response.Body)
	// Output:
	// 401 {"message":"A token is needed in the header Authorization."}
}

// A service behind no API Gateway has each token checked.
func ExampleGuard_Handler() {
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := guard.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "orders of %s", claims.Username)
	})
	api := http.NewServeMux()
	api.Handle("GET /orders", guard.Require("orders:read").Handler(oneToken{}, slog.New(slog.DiscardHandler), list))

	for _, authorization := range []string{"", "Bearer pats_wrong", "Bearer pats_right"} {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/orders", nil)
		request.Header.Set("Authorization", authorization)
		response := httptest.NewRecorder()
		api.ServeHTTP(response, request)
		fmt.Println(response.Code, response.Body)
		fmt.Println(response.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 401 {"message":"A token is needed in the header Authorization."}
	// Bearer
	// 401 {"message":"The token is not valid."}
	// Bearer error="invalid_token"
	// 200 orders of vera
}

// oneToken knows one token.
type oneToken struct{}

// Check implements [guard.TokenChecker].
func (oneToken) Check(_ context.Context, token string) (guard.Claims, error) {
	if token != "pats_right" {
		return guard.Claims{}, guard.InvalidToken(pat.ReasonInvalid, nil)
	}
	return guard.Claims{UserID: 7, Username: "vera", Scopes: []pat.Scope{"orders:read"}, TokenID: 3, ExpiresAt: time.Now().Add(time.Hour)}, nil
}

// A service that can read the store of tokens checks them itself. On AWS, the store is a dynamostore.Store.
func ExampleNewStoreChecker() {
	ctx := context.Background()
	folder, _ := os.MkdirTemp("", "guard")
	defer func() { _ = os.RemoveAll(folder) }()
	store, _ := boltstore.Open(filepath.Join(folder, "pats.db"))
	defer func() { _ = store.Close() }()
	catalog, _ := pat.ParseScopeCatalog("orders:read,orders:write@Editor")
	log := slog.New(slog.DiscardHandler)
	service := pat.NewService(store, pat.Settings{Scopes: catalog, TokenPrefix: pat.PrefixPats}, pat.SystemEnv(log))

	user, _ := service.CreateUser(ctx, pat.Profile{Username: "vera", Role: pat.Viewer})
	scopes, _ := pat.NewScopes([]string{"orders:read"})
	draft := pat.Draft{Description: "shop", Scopes: scopes, ExpiresAt: time.Now().Add(time.Hour)}
	_, secret, _ := service.CreateUserToken(ctx, user.ID, draft)

	checker := guard.NewStoreChecker(service)
	claims, err := checker.Check(ctx, secret.Reveal())
	fmt.Println(claims.Username, claims.Scopes, err)
	_, err = checker.Check(ctx, "pats_wrong")
	fmt.Println(err)
	// Output:
	// vera [orders:read] <nil>
	// The token is not valid. Cause: not in the form of a token
}

// A service without access to the table asks the service of the tokens about each.
func ExampleNewIntrospectionChecker() {
	own, _ := pat.NewSecret(rand.Reader, 1)
	pats := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+own.Reveal() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprint(w, `{"active":true,"scope":"orders:read","username":"vera","exp":32503680000,"sub":"7","token_id":3}`)
	}))
	defer pats.Close()

	checker, err := guard.NewIntrospectionChecker(guard.Introspection{Endpoint: pats.URL + "/oauth/introspect", Token: own.Reveal()})
	if err != nil {
		fmt.Println(err)
		return
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := guard.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "orders of %s", claims.Username)
	})
	orders := guard.Require("orders:read").Handler(checker, slog.New(slog.DiscardHandler), list)

	presented, _ := pat.NewSecret(rand.Reader, 7)
	request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/orders", nil)
	request.Header.Set("Authorization", "Bearer "+presented.Reveal())
	response := httptest.NewRecorder()
	orders.ServeHTTP(response, request)
	fmt.Println(response.Code, response.Body)
	// Output:
	// 200 orders of vera
}
