// Package apitest helps to test what depends on package api.
package apitest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"pats/pkg/api"
)

// Document returns the OpenAPI document, as the token routes serve it. Errors: the response is not a 200.
func Document(ctx context.Context) ([]byte, error) {
	handler := api.NewTokens(nil, api.TokensSettings{}, slog.New(slog.DiscardHandler))
	event := events.APIGatewayProxyRequest{HTTPMethod: http.MethodGet, Resource: api.ResourceOpenAPI, Path: api.ResourceOpenAPI}
	response, err := handler.Handle(ctx, event)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the OpenAPI document: got status %d with %s, want 200", response.StatusCode, response.Body)
	}
	return []byte(response.Body), nil
}
