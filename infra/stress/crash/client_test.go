package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"pats/pkg/api"
	"pats/pkg/pat"
)

// client calls a server.
type client struct {
	url  string
	http *http.Client
	// refused counts the answers that say that the store is out of reach.
	refused atomic.Int64
}

func newClient(s *server) *client {
	return &client{url: s.url, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 20 * time.Second}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// answer is a whole answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// request is the id that the server gave to the request.
func (a answer) request() string { return a.header.Get("X-Amzn-Requestid") }

// problem is a refusal's body.
type problem struct {
	ID, Name, Message string
	Details           []struct{ Message string }
}

func (a answer) problem() problem {
	var p problem
	_ = json.Unmarshal(a.body, &p) // what is none has no name
	return p
}

func (a answer) unexpected(asked string) error {
	return fmt.Errorf("%s: got %d %s", asked, a.status, a.problem().Name)
}

// send gives an error if no whole answer came.
func (c *client) send(ctx context.Context, method, path string, secret pat.Secret, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", secret.Reveal())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusServiceUnavailable {
		c.refused.Add(1)
	}
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}

func tokenPath(id int64) string { return api.ResourceTokens + "/" + strconv.FormatInt(id, 10) }
func userPath(id int64) string  { return api.ResourceUsers + "/" + strconv.FormatInt(id, 10) }

// listed is a token as a list has it.
type listed struct {
	ID          int64
	Description string
}

// person is a user as a list has it.
type person struct {
	ID                    int64
	Username, Email, Name string
	Disabled              bool
}

// state is what a ledger is held against.
type state interface {
	// tokens are those of the user who holds the secret.
	tokens(ctx context.Context, secret pat.Secret) ([]listed, error)
	// works says whether the secret lets its holder in.
	works(ctx context.Context, secret pat.Secret) (bool, error)
	// people are all users, in rising order of id.
	people(ctx context.Context) ([]person, error)
}

// remote is the state behind a server.
type remote struct {
	*client
	admin pat.Secret
}

func (r remote) tokens(ctx context.Context, secret pat.Secret) ([]listed, error) {
	var body struct{ Pats []listed }
	err := r.get(ctx, api.ResourceTokens, secret, &body)
	return body.Pats, err
}

func (r remote) people(ctx context.Context) ([]person, error) {
	var body struct{ Users []person }
	err := r.get(ctx, api.ResourceUsers, r.admin, &body)
	return body.Users, err
}

func (r remote) get(ctx context.Context, path string, secret pat.Secret, body any) error {
	a, err := r.send(ctx, http.MethodGet, path, secret, nil)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return a.unexpected("GET " + path)
	}
	return json.Unmarshal(a.body, body)
}

func (r remote) works(ctx context.Context, secret pat.Secret) (bool, error) {
	a, err := r.send(ctx, http.MethodGet, api.ResourceTokens, secret, nil)
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusOK, a.status == http.StatusUnauthorized:
		return a.status == http.StatusOK, nil
	default:
		return false, a.unexpected("GET " + api.ResourceTokens)
	}
}
