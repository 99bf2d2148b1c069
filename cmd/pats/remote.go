package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pats/pkg/api"
	"pats/pkg/pat"
)

// remoteFlags name a server instead of a store.
type remoteFlags struct {
	URL string `name:"url" placeholder:"URL" group:"remote" from:"PATS_URL" help:"Base address of a server, whose HTTP API is used with the token in PATS_TOKEN or in --token-file. The tokens are those of its holder."`
}

// presentFlag names the token to present to a server.
type presentFlag struct {
	TokenFile string `placeholder:"FILE" help:"With --url: read the token to present from FILE (default: it is in PATS_TOKEN)."`
}

// The time-outs of a request. API Gateway answers within 29 seconds.
const requestTimeout = 35 * time.Second

// maxAnswer is more than ten tokens can take.
const maxAnswer = 1 << 20

// settleTarget decides between a store and a server. What stands on the command line counts more than the environment.
func (a *app) settleTarget() error {
	for _, flag := range []string{"store", "data", "table", "endpoint", "region"} {
		switch {
		case !a.typed(flag):
		case a.typed("url"):
			return usage(fmt.Sprintf("--url and --%s exclude each other", flag), "A command works on a store or through a server.")
		default:
			a.URL = ""
		}
	}
	return nil
}

func (a *app) isRemote() bool { return a.URL != "" }

// storeOnly refuses --url for a command that has no use for a server.
func (a *app) storeOnly() error {
	if a.typed("url") {
		return usage("this command does not work through a server", "Leave out --url.")
	}
	return nil
}

// checkPresented refuses a file with a token where no token is presented.
func (a *app) checkPresented(tokenFile string) error {
	if tokenFile != "" && !a.isRemote() {
		return usage("--token-file names the token to present to a server", "Add --url URL, or leave it out to work on the store.")
	}
	return nil
}

// withServer lets work use the tokens of the holder of the token presented.
func (a *app) withServer(user pat.UserID, tokenFile string, work func(keeper) error) error {
	if user != 0 {
		return usage("--user cannot be used with --url or PATS_URL", "A server shows each caller the caller's own tokens only. Leave out --user, or work on the store.")
	}
	token, err := a.presented(tokenFile)
	if err != nil {
		return err
	}
	base, err := url.Parse(a.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return usage(fmt.Sprintf("--url %q is no URL", a.URL), "It looks like http://127.0.0.1:3000.")
	}
	return work(server{tokens: base.JoinPath(api.ResourceTokens), token: token})
}

// presented is the token to present, which is never an argument: those can be seen by everybody on the machine.
func (a *app) presented(tokenFile string) (string, error) {
	if tokenFile != "" {
		return readTokenFile(tokenFile)
	}
	token := strings.TrimSpace(a.getenv("PATS_TOKEN"))
	if token == "" {
		return "", usage("there is no token to present to the server", "Put it into the variable PATS_TOKEN, or name a file that holds it: --token-file .pats/token.")
	}
	return token, nil
}

// server is a service that is used by its HTTP API.
type server struct {
	// tokens is the address of the token routes.
	tokens *url.URL
	token  string
}

func (s server) list(ctx context.Context) ([]tokenView, error) {
	var body tokenListView
	if err := s.call(ctx, http.MethodGet, s.tokens, nil, &body); err != nil {
		return nil, err
	}
	if body.Pats == nil {
		return nil, s.unintelligible()
	}
	return body.Pats, nil
}

func (s server) create(ctx context.Context, draft pat.Draft) (tokenView, error) {
	body := struct {
		Description string `json:"description"`
		ExpiresAt   stamp  `json:"expiresAt"`
	}{draft.Description, stamp{draft.ExpiresAt}}
	var made tokenView
	if err := s.call(ctx, http.MethodPost, s.tokens, body, &made); err != nil {
		return tokenView{}, err
	}
	if made.Secret == "" {
		return tokenView{}, s.unintelligible()
	}
	return made, nil
}

func (s server) revoke(ctx context.Context, id pat.TokenID) error {
	return s.call(ctx, http.MethodDelete, s.tokens.JoinPath(formatID(id)), nil, nil)
}

// call makes a request and reads the answer into result, unless that is nil.
func (s server) call(ctx context.Context, method string, at *url.URL, body, result any) error {
	request, err := s.request(ctx, method, at, body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: requestTimeout, CheckRedirect: stay}
	response, err := client.Do(request)
	if err != nil {
		return fail(exitUnavailable, fmt.Sprintf("the server cannot be reached: %v", err), "Is --url right, and does the server run?")
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fail(exitUnavailable, fmt.Sprintf("the answer broke off: %v", err), "")
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refused(response, answer)
	}
	if result != nil && json.Unmarshal(answer, result) != nil {
		return s.unintelligible()
	}
	return nil
}

func (s server) request(ctx context.Context, method string, at *url.URL, body any) (*http.Request, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, at.String(), content)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", s.token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// stay follows no redirect: the token is for the server that was named.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (s server) unintelligible() error {
	return fail(exitFailed, fmt.Sprintf("what answers at %s is no such service", s.tokens.Redacted()), "Is --url the base address, without /api?")
}

// refusal is the body of an error of the HTTP API.
type refusal struct {
	Message string `json:"message"`
	Details []struct {
		Message string `json:"message"`
	} `json:"details"`
}

// refused makes a failure of an answer that is none: the server's own words.
func refused(response *http.Response, answer []byte) error {
	var body refusal
	_ = json.Unmarshal(answer, &body) // whatever is not there stays empty
	f := &failure{
		code:    exitCodeOf(response.StatusCode),
		message: visible(cmp.Or(body.Message, "the server answered "+response.Status)),
	}
	var advice []string
	for _, detail := range body.Details {
		if detail.Message != body.Message {
			advice = append(advice, visible(detail.Message))
		}
	}
	if to := response.Header.Get("Location"); to != "" && response.StatusCode < http.StatusBadRequest {
		advice = append(advice, "The server is elsewhere; if you trust it, say so: --url "+visible(to))
	}
	if response.StatusCode == http.StatusUnauthorized {
		advice = append(advice, "Is the token in PATS_TOKEN or --token-file the right one, and not expired or revoked?")
	}
	f.advice = strings.Join(advice, "\n")
	return f
}

func exitCodeOf(status int) int {
	switch {
	case status == http.StatusNotFound:
		return exitNotFound
	case status == http.StatusBadRequest:
		return exitUsage
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return exitUnavailable
	case status >= http.StatusBadRequest:
		return exitRefused
	}
	return exitFailed
}
