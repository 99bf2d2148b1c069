package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/api"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// BenchmarkList measures the handling of an event as in the function, from JSON to JSON, with a store that returns at once.
func BenchmarkList(b *testing.B) {
	for _, size := range pattest.Sizes {
		b.Run(size.Name, func(b *testing.B) { benchmark(b, size.Tokens, get(), `{"statusCode":200`, size.Tokens) })
	}
}

// BenchmarkCreate does the same for a create.
func BenchmarkCreate(b *testing.B) {
	for _, c := range []struct {
		name   string
		tokens int
	}{{"second token", 1}, {"tenth token", 9}} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.tokens, post(good), `{"statusCode":201`, 1) })
	}
}

// benchmark handles request on an account with tokens. The response must begin with begins and contain shown tokens.
func benchmark(b *testing.B, tokens int, c request, begins string, shown int) {
	b.Helper()
	store, holder := pattest.NewInstant(b, tokens)
	service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
	settings := api.TokensSettings{Enabled: true}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // what a line costs counts
	handler := lambda.NewHandler(api.NewTokens(service, settings, log).Handle)
	payload, err := json.Marshal(c.withGatewayHeaders().event(claimsOf(holder)))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // as an invocation has one
	defer cancel()
	var response []byte
	b.ReportAllocs()
	for b.Loop() {
		if response, err = handler.Invoke(ctx, payload); err != nil || !bytes.HasPrefix(response, []byte(begins)) {
			b.Fatalf("got %s, error %v, want %s", response, err, begins)
		}
	}
	if got := bytes.Count(response, []byte(`\"createdAt\"`)); got != shown {
		b.Fatalf("got %d tokens in %s, want %d", got, response, shown)
	}
}

// withGatewayHeaders returns c with the headers that API Gateway adds.
func (c request) withGatewayHeaders() request {
	c.headers = append([]string{
		"Accept: */*", "Authorization: user:v2_hidden", "Host: a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
		"User-Agent: curl/8.14.1", "X-Amzn-Trace-Id: Root=1-6741d2f0-0123456789abcdef01234567", "X-Forwarded-For: 192.0.2.7",
		"X-Forwarded-Port: 443", "X-Forwarded-Proto: https",
	}, c.headers...)
	return c
}
