package authz_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/authz"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// BenchmarkAuthorizer handles an event as the function does, from JSON to JSON, with a store that takes no time.
func BenchmarkAuthorizer(b *testing.B) {
	for _, size := range pattest.Sizes {
		b.Run(size.Name, func(b *testing.B) {
			store, holder := pattest.NewInstant(b, size.Tokens)
			service := pat.NewService(store, pat.Settings{Retention: pat.DefaultRetention}, pattest.Env(pattest.NewClock()))
			handler := lambda.NewHandler(authz.New(service, pat.AdminKey{}, slog.New(slog.DiscardHandler)).Handle)
			payload, err := json.Marshal(event("Bearer " + holder.Secret.Reveal()))
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // as Lambda sets one
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				response, err := handler.Invoke(ctx, payload)
				if err != nil || !bytes.Contains(response, []byte(`"Effect":"Allow"`)) {
					b.Fatalf("got %s, error %v, want an Allow", response, err)
				}
			}
		})
	}
}
