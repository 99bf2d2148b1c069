// Command go lists the caller's tokens, creates one and deletes it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// token has the members of a token that this program uses.
type token struct {
	ID          int64     `json:"id,omitempty"`
	Description string    `json:"description"`
	ExpiresAt   time.Time `json:"expiresAt"`
	// Secret is the token itself. Only the response to a create has it.
	Secret string `json:"secret,omitempty"`
}

func main() {
	if err := run(context.Background(), os.Getenv("PATS_URL")+"/api/admin/user/tokens", os.Getenv("PATS_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, tokens, key string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	var list struct {
		Pats []token `json:"pats"`
	}
	if err := call(ctx, key, http.MethodGet, tokens, nil, &list); err != nil {
		return err
	}
	fmt.Println("tokens:", len(list.Pats))

	var created token
	wanted := token{Description: "Go example", ExpiresAt: time.Now().AddDate(0, 0, 1).UTC()}
	if err := call(ctx, key, http.MethodPost, tokens, wanted, &created); err != nil {
		return err
	}
	fmt.Println("created:", created.ID)

	if err := call(ctx, key, http.MethodDelete, fmt.Sprintf("%s/%d", tokens, created.ID), nil, nil); err != nil {
		return err
	}
	fmt.Println("deleted:", created.ID)
	return nil
}

// call sends body, unless it is nil, and reads the response into result, unless it is nil. Its error is the message of the API.
func call(ctx context.Context, key, method, url string, body, result any) error {
	sent, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		sent = nil
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(sent)) //nolint:gosec // the address is the user's own
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response.Body)
	}
	if result == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(result)
}

func refusal(body io.Reader) error {
	var problem struct {
		Message string `json:"message"`
	}
	if err := json.NewDecoder(body).Decode(&problem); err != nil {
		return err
	}
	return errors.New(problem.Message)
}
