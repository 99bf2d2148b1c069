package throughput

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"pats/pkg/api"
	"pats/pkg/oauth"
)

// kind is a kind of request.
type kind struct {
	what, method string
	// status and tokens are the expected status and number of tokens in the list.
	status, tokens int
}

var kinds = []kind{
	{List1, http.MethodGet, http.StatusOK, 1},
	{List10, http.MethodGet, http.StatusOK, 10},
	{Create, http.MethodPost, http.StatusCreated, 0},
}

// shape is how a request is sent.
type shape struct{ method, path, contentType string }

func (t turn) shape() shape {
	if t.introspects() {
		return shape{http.MethodPost, oauth.ResourceIntrospect, "application/x-www-form-urlencoded"}
	}
	return shape{t.method, api.ResourceTokens, "application/json"}
}

// repeats reports whether all requests of the turn are the same.
func (t turn) repeats() bool { return t.what != Create }

// introspects reports whether the subject introspects the token of List1 instead of listing with it.
func (t turn) introspects() bool { return t.name == Introspection }

// checkIntrospection returns an error unless the token is active.
func checkIntrospection(status int, body []byte) error {
	var found struct {
		Active bool `json:"active"`
	}
	if err := json.Unmarshal(body, &found); err != nil || status != http.StatusOK || !found.Active {
		return fmt.Errorf("introspection: got status %d and active %t, want 200 and true (%w)", status, found.Active, err)
	}
	return nil
}

// fastest is the number of creates prepared per second, more than any subject handles.
const fastest = 6000

// load sends requests with the users' tokens. wrk receives them through a pipe, so that no file contains a token; folder receives its
// script.
type load struct {
	folder string
	users  *users
}

// run loads the subject of a turn for the given seconds. The outcome is that of parseOutcome also with an error. Errors: those of wrk.
func (l load) run(ctx context.Context, t turn, seconds int) (outcome, error) {
	lines, err := l.lines(t, seconds*fastest)
	if err != nil {
		return outcome{}, err
	}
	o, err := l.wrk(ctx, t, seconds, lines)
	l.users.used[t.name] += o.Sent
	if err != nil {
		return o, fmt.Errorf("%s, %s with %s: %w", t.what, t.name, Under(t.connections), err)
	}
	return o, nil
}

// lines returns at most n requests in the form of the script's input.
func (l load) lines(t turn, n int) ([]byte, error) {
	switch {
	case t.introspects():
		return []byte(l.users.admin.Reveal() + " token=" + l.users.one.Reveal() + "\n"), nil
	case t.what == List1:
		return []byte(l.users.one.Reveal() + "\n"), nil
	case t.what == List10:
		return []byte(l.users.ten.Reveal() + "\n"), nil
	}
	return l.users.creates(t.name, n)
}

// check sends one request of a turn and returns the body of the response. It returns an error unless the status and the number of
// tokens are as expected, which wrk does not check.
func (l load) check(ctx context.Context, t turn) ([]byte, error) {
	line, err := l.lines(t, 1)
	if err != nil {
		return nil, err
	}
	token, body, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	shape := t.shape()
	request, err := http.NewRequestWithContext(ctx, shape.method, t.Ready+shape.path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = http.Header{"Authorization": {token}, "Content-Type": {shape.contentType}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if t.what == Create {
		l.users.used[t.name]++
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || t.introspects() {
		return text, errors.Join(err, checkIntrospection(response.StatusCode, text))
	}
	var list struct {
		Pats []json.RawMessage `json:"pats"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s, %s: status %d: %w", t.what, t.name, response.StatusCode, err)
	}
	if response.StatusCode != t.status || len(list.Pats) != t.tokens {
		return nil, fmt.Errorf("%s, %s: got status %d and %d tokens, want %d and %d",
			t.what, t.name, response.StatusCode, len(list.Pats), t.status, t.tokens)
	}
	return text, nil
}
