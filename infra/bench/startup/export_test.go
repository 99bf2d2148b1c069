package startup

import (
	"context"
	"net/http/httptest"
	"time"

	"pats/pkg/dynamostore/dynamotest"
)

// StartAuthorizer starts a program that must allow every request.
func StartAuthorizer(ctx context.Context, command ...string) error {
	nowhere := bench{db: &database{local: &dynamotest.Server{}, front: &httptest.Server{}}}
	event := func(caller) []byte { return []byte(`{}`) }
	_, err := nowhere.start(ctx, subject{Authorizer, command, event, isAllow}, fullSpeed, caller{})
	return err
}

// BilledTime returns the mean billed time in milliseconds.
func BilledTime(all []time.Duration) float64 { return billed(all) }

// Limits returns the files that limit a control group, by name.
func Limits(version, memory int) map[string]string {
	files := map[string]string{}
	for _, f := range limits(version, memory) {
		files[f.name] = f.text
	}
	return files
}
