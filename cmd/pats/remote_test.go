package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// token1 has a token's form. It lets nobody in anywhere.
const token1 = "user:v2_AAAAAAAAAAEAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// answering is a server that gives every request the same answer, and the last request it got.
func answering(t *testing.T, status int, header, body string) (*httptest.Server, *http.Request) {
	t.Helper()
	var last http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = *r
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server, &last
}

func TestServersRefusals(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		status       int
		header, body string
		code         int
		want         []string
	}{
		"bad data": {400, "", `{"name":"BadDataError","message":"Request validation failed.","details":[{"message":"The expiry date should be in future."}]}`,
			exitUsage, []string{"Request validation failed.", "in future"}},
		"unauthenticated": {401, "", `{"message":"You must log in to use Unleash.","details":[{"message":"The token has expired."}]}`,
			exitRefused, []string{"You must log in", "has expired", "PATS_TOKEN"}},
		"forbidden":    {403, "", `{"message":"Too many PATs (10) already exist for this user."}`, exitRefused, []string{"Too many PATs"}},
		"not found":    {404, "", `{"message":"PATs are disabled."}`, exitNotFound, []string{"PATs are disabled."}},
		"duplicate":    {409, "", `{"message":"PAT description already exists."}`, exitRefused, []string{"already exists"}},
		"throttled":    {429, "", `{"message":"Too many requests. Try again shortly."}`, exitUnavailable, []string{"Too many requests"}},
		"unavailable":  {503, "", `{"message":"The service is busy."}`, exitUnavailable, []string{"busy"}},
		"no JSON":      {502, "", `<html>`, exitUnavailable, []string{"502 Bad Gateway"}},
		"a redirect":   {302, "Location: https://elsewhere.example/x", ``, exitFailed, []string{"302 Found", "https://elsewhere.example/x"}},
		"another site": {200, "", `<html>`, exitFailed, []string{"no such service"}},
		"other JSON":   {200, "", `{}`, exitFailed, []string{"no such service"}},
		"an escape":    {400, "", `{"message":"\u001b[2Jgone"}`, exitUsage, []string{"\ufffd[2Jgone"}},
		"a token":      {400, "", `{"message":"x","details":[{"message":"You sent ` + token1 + `"}]}`, exitUsage, []string{"[redacted]"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, last := answering(t, c.status, c.header, c.body)
			d := newDesk(t)
			d.env = map[string]string{"PATS_URL": server.URL, "PATS_TOKEN": token1}
			got := d.runBare(t, "token", "list")
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, c.want...)
			if strings.Contains(got.Stderr, token1[8:]) {
				t.Errorf("the token is on stderr:\n%s", got.Stderr)
			}
			if got := last.Header.Get("Authorization"); got != token1 {
				t.Errorf("the server got Authorization %q, want the token", got)
			}
		})
	}
}

func TestCreatedWithoutASecret(t *testing.T) {
	t.Parallel()
	server, _ := answering(t, http.StatusCreated, "", `{"id":1}`)
	d := newDesk(t)
	d.env = map[string]string{"PATS_URL": server.URL, "PATS_TOKEN": token1}
	got := d.runBare(t, "token", "create", "--description", "x")
	wantCode(t, got, exitFailed)
	wantContains(t, "stderr", got.Stderr, "no such service")
}

// TestTokenStaysWithItsServer: neither another host nor another path gets it by a redirect.
func TestTokenStaysWithItsServer(t *testing.T) {
	t.Parallel()
	elsewhere, stolen := answering(t, http.StatusOK, "", `{"pats":[]}`)
	server, _ := answering(t, http.StatusTemporaryRedirect, "Location: "+elsewhere.URL, "")
	for _, args := range []string{"token list", "token create --description x", "token revoke 1"} {
		d := newDesk(t)
		d.env = map[string]string{"PATS_TOKEN": token1}
		got := d.runBare(t, append(strings.Fields(args), "--url", server.URL)...)
		wantCode(t, got, exitFailed)
	}
	if stolen.Method != "" {
		t.Errorf("got %s %s at the other host, want no request", stolen.Method, stolen.URL)
	}
}

func TestRemoteCommandLines(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args, message string
		token         string
		code          int
	}{
		"no token":      {"token list --url http://127.0.0.1:1", "PATS_TOKEN", "", exitUsage},
		"user":          {"token list --url http://127.0.0.1:1 --user 1", "--user", token1, exitUsage},
		"no URL":        {"token list --url 127.0.0.1:3000", "http://127.0.0.1:3000", token1, exitUsage},
		"other scheme":  {"token list --url file://x/y", "http://127.0.0.1:3000", token1, exitUsage},
		"nobody there":  {"token list --url http://127.0.0.1:1", "cannot be reached", token1, exitUnavailable},
		"line break":    {"token list --url http://127.0.0.1:1", "cannot be reached", "user:v2_a\nb", exitUnavailable},
		"no file there": {"token list --url http://127.0.0.1:1 --token-file nowhere", "nowhere", "", exitFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.env["PATS_TOKEN"] = c.token
			got := d.runBare(t, strings.Fields(c.args)...)
			wantCode(t, got, c.code)
			wantContains(t, "stderr", got.Stderr, c.message)
		})
	}
}

func TestTokenCommandsThroughAServer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := d.serve(t)
	remote := []string{"--url", server.url + "/", "--token-file", d.tokenPath()}
	made := d.runBare(t, append([]string{"token", "create", "--description", "ci", "--expires", "12h"}, remote...)...)
	wantCode(t, made, exitOK)
	wantText(t, "create", made.Stdout, `
Id           2
Description  ci
Expires      2026-01-02T15:04:05Z
Token        <token>
`)
	ci := strings.Fields(made.Stdout)[7]
	d.env = map[string]string{"PATS_URL": server.url, "PATS_TOKEN": ci, "PATS_OUTPUT": "json"}
	wantText(t, "list", d.runBare(t, "token", "list").Stdout, `
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
	wantText(t, "revoke", d.runBare(t, "token", "revoke", "2").Stdout, "{\n  \"id\": 2\n}\n")
	got := d.runBare(t, "token", "list")
	wantCode(t, got, exitRefused)
	wantContains(t, "list with the revoked token", got.Stderr, "You must log in")
	if d.tokenPath() != filepath.Join(d.data(), "token") || !strings.HasPrefix(readFile(t, d.tokenPath()), "user:v2_") {
		t.Error("the file with the token that was presented is not as it was")
	}
}
