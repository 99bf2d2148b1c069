package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"pats/cmd/pats/failure"
)

// token1 has the form of a token, and is valid nowhere.
const token1 = "user:v2_AAAAAAAAAAEAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestRemoteCommandLines(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args, message string
		token         string
		code          failure.Code
	}{
		"no token":         {"token list --url http://127.0.0.1:1", "PATS_TOKEN", "", failure.Usage},
		"user":             {"token list --url http://127.0.0.1:1 --user 1", "--user", token1, failure.Usage},
		"not a URL":        {"token list --url 127.0.0.1:3000", "http://127.0.0.1:3000", token1, failure.Usage},
		"unencrypted":      {"token list --url http://pats.example.org", "--allow-http", token1, failure.Usage},
		"no server":        {"token list --url http://127.0.0.1:1", "cannot be reached", token1, failure.Unavailable},
		"allowed":          {"token list --url http://0.0.0.0:1 --allow-http", "cannot be reached", token1, failure.Unavailable},
		"line break":       {"token list --url http://127.0.0.1:1", "PATS_TOKEN does not contain a token", "user:v2_a\nb", failure.Usage},
		"missing file":     {"token list --url http://127.0.0.1:1 --token-file nowhere", "nowhere", "", failure.Failed},
		"server and store": {"token list --url http://127.0.0.1:1 --store bolt", "exclude each other", token1, failure.Usage},
		"file for a store": {"token list --user 1 --token-file x", "--url", "", failure.Usage},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sh := newShell(t)
			sh.vars["PATS_TOKEN"] = c.token
			got := sh.runBare(t, strings.Fields(c.args)...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, c.message)
		})
	}
}

func TestTokenCommandsThroughAServer(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	remote := []string{"--url", server.url + "/", "--token-file", sh.tokenPath()}
	created := sh.runBare(t, append([]string{"token", "create", "--description", "ci", "--expires", "12h"}, remote...)...)
	wantCode(t, created, failure.OK)
	wantText(t, "stderr of create", created.Stderr, "Keep the token: it cannot be shown again.\n")
	wantText(t, "create", created.Stdout, `
Id           2
Description  ci
Expires      2026-01-02T15:04:05Z
Token        <token>
`)
	ci := strings.Fields(created.Stdout)[7]
	sh.vars = map[string]string{"PATS_URL": server.url, "PATS_TOKEN": ci, "PATS_OUTPUT": "json"}
	wantText(t, "list", sh.runBare(t, "token", "list").Stdout, `
{
  "pats": [
    {
      "id": 1,
      "description": "first token",
      "expiresAt": "2026-04-02T03:04:05.678Z",
      "userId": 1,
      "createdAt": "2026-01-02T03:04:05.678Z",
      "seenAt": "2026-01-02T03:04:05.678Z"
    },
    {
      "id": 2,
      "description": "ci",
      "expiresAt": "2026-01-02T15:04:05.678Z",
      "userId": 1,
      "createdAt": "2026-01-02T03:04:05.678Z",
      "seenAt": "2026-01-02T03:04:05.678Z"
    }
  ]
}
`)
	wantText(t, "revoke", sh.runBare(t, "token", "revoke", "2").Stdout, "{\n  \"id\": 2\n}\n")
	got := sh.runBare(t, "token", "list")
	wantCode(t, got, failure.Refused)
	wantContains(t, "list with the revoked token", got.Stderr, "You must log in")
	if !strings.HasPrefix(readFile(t, sh.tokenPath()), "user:v2_") {
		t.Error("the command changed the file with the token that it presented")
	}
}

// TestLostResponse has a proxy that drops the response to the first create after the server has carried it out.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	proxy, forwarded := losingProxy(t, server.url)
	created := sh.runBare(t, "token", "create", "--description", "ci", "--url", proxy, "--token-file", sh.tokenPath())
	wantCode(t, created, failure.OK)
	if got := forwarded.Load(); got != 2 {
		t.Errorf("got %d creates at the server, want 2", got)
	}
	status, body := server.request(t, http.MethodGet, tokensPath, tokenLike.FindString(created.Stdout))
	if status != http.StatusOK || strings.Count(body, `"ci"`) != 1 {
		t.Errorf("with the created token: got %d %s, want 200 and one token ci", status, body)
	}
}

// losingProxy returns the address of a proxy of the server at address, which loses the first response, and the number of requests
// that it has forwarded.
func losingProxy(t *testing.T, address string) (string, *atomic.Int64) {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var forwarded atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(server)
	proxy.ModifyResponse = func(*http.Response) error {
		if forwarded.Add(1) == 1 {
			panic(http.ErrAbortHandler) // the server closes the connection
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	return front.URL, &forwarded
}

func TestUndeliveredTokenOfAServerIsRevoked(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	var stderr output
	args := []string{"token", "create", "--description", "lost", "--url", server.url, "--token-file", sh.tokenPath()}
	if code := run(t.Context(), args, sh.env(fullDisk{}, &stderr)); code != failure.Failed {
		t.Errorf("got exit code %d, want %d", code, failure.Failed)
	}
	wantContains(t, "stderr", stderr.String(), "token 2 could not be delivered and was revoked", "disk is full")
	list := sh.runBare(t, "token", "list", "--url", server.url, "--token-file", sh.tokenPath())
	if strings.Contains(list.Stdout, "lost") {
		t.Errorf("the token is still there:\n%s", list.Stdout)
	}
}

func TestExposedTokenFileIsReported(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	server := sh.serve(t)
	path := filepath.Join(sh.folder, "exposed.token")
	if err := os.WriteFile(path, []byte(readFile(t, sh.tokenPath())), 0o644); err != nil {
		t.Fatal(err)
	}
	got := sh.runBare(t, "token", "list", "--url", server.url, "--token-file", path)
	wantCode(t, got, failure.OK)
	wantText(t, "stderr", got.Stderr, "pats: warning: other users can read the token in "+path+"; make the file private with chmod 600\n")
	wantText(t, "stderr for a file of mode 0600", sh.runBare(t, "token", "list", "--url", server.url, "--token-file", sh.tokenPath()).Stderr, "")
}
