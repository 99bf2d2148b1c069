package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pats/infra/verify/runner"
)

// vulnDatabase is a file of Go's vulnerability database.
const vulnDatabase = "https://vuln.go.dev/index/db.json"

// vuln looks the called functions up in Go's vulnerability database. Without access to the database the step is skipped.
func vuln(ctx context.Context, job *runner.Job) error {
	if err := reach(ctx, vulnDatabase); err != nil {
		return runner.Unavailable("Go's vulnerability database was not asked: vuln.go.dev cannot be reached")
	}
	return job.Run(ctx, "infra/static/supply/vuln")
}

// reach reports, by its error, whether a URL can be read.
func reach(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	_ = response.Body.Close() // only the status counts
	return err
}
