package throughput

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"pats/pkg/api"
)

// kind is a kind of request.
type kind struct {
	what, method string
	// tokens is the number of tokens in the list.
	tokens int
}

var kinds = []kind{{List1, http.MethodGet, 1}, {List10, http.MethodGet, 10}, {Create, http.MethodPost, 0}}

// fastest is the number of creates prepared per second, more than any subject handles.
const fastest = 6000

// load sends requests with the tokens of a crowd. wrk receives them through a pipe, so that no file contains a token; folder receives its
// script.
type load struct {
	folder string
	crowd  *crowd
}

// run loads the subject of a turn for the given seconds. Errors: those of wrk.
func (l load) run(ctx context.Context, t turn, seconds int) (outcome, error) {
	lines, err := l.lines(t, seconds*fastest)
	if err != nil {
		return outcome{}, err
	}
	aim := aim{url: t.url + api.ResourceTokens, method: t.method, connections: t.connections, seconds: seconds}
	o, err := aim.wrk(ctx, l.folder, lines)
	if err != nil {
		return outcome{}, fmt.Errorf("%s, %s with %s: %w", t.what, t.name, Under(t.connections), err)
	}
	l.crowd.used[t.name] += o.Sent
	return o, nil
}

// lines returns at most n requests in the form of the script's input.
func (l load) lines(t turn, n int) ([]byte, error) {
	switch t.what {
	case List1:
		return []byte(l.crowd.one.Reveal() + "\n"), nil
	case List10:
		return []byte(l.crowd.ten.Reveal() + "\n"), nil
	}
	return l.crowd.orders(t.name, n)
}

// check sends one request of a turn and checks the response, which wrk does not.
func (l load) check(ctx context.Context, t turn) error {
	line, err := l.lines(t, 1)
	if err != nil {
		return err
	}
	token, body, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	request, err := http.NewRequestWithContext(ctx, t.method, t.url+api.ResourceTokens, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = http.Header{"Authorization": {token}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if t.method == http.MethodPost {
		l.crowd.used[t.name]++
	}
	return t.checkResponse(response)
}

func (t turn) checkResponse(response *http.Response) error {
	want := http.StatusOK
	if t.method == http.MethodPost {
		want = http.StatusCreated
	}
	var list struct {
		Pats []json.RawMessage `json:"pats"`
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return fmt.Errorf("%s, %s: status %d: %w", t.what, t.name, response.StatusCode, err)
	}
	if response.StatusCode != want || len(list.Pats) != t.tokens {
		return fmt.Errorf("%s, %s: got status %d and a list of %d, want %d and %d",
			t.what, t.name, response.StatusCode, len(list.Pats), want, t.tokens)
	}
	return nil
}
