package leaks_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pats/infra/stress/leaks"
	"pats/infra/testkit/binaries"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
)

// terminal runs the command pats and keeps everything that it prints except new tokens.
type terminal struct {
	program, folder string
	written         material
	secrets         []string
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	folder := t.TempDir()
	program, err := binaries.BuildProgram(t.Context(), "../../..", "./cmd/pats", folder)
	must.Do(t, err)
	return &terminal{program: program, folder: filepath.Join(folder, "data")}
}

func (m *terminal) command(t *testing.T, token string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), m.program, args...)
	command.Env = append(os.Environ(), "PATS_DATA="+m.folder, "PATS_TOKEN="+token)
	command.Stderr = &m.written
	return command
}

// run runs a command, which may fail, with a token in the environment, and returns its standard output.
func (m *terminal) run(t *testing.T, token string, args ...string) string {
	t.Helper()
	command := m.command(t, token, args...)
	var answer bytes.Buffer
	command.Stdout = &answer
	var failed *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return answer.String()
}

// show is run for a command that does not create a token.
func (m *terminal) show(t *testing.T, token string, args ...string) string {
	t.Helper()
	answer := m.run(t, token, args...)
	_, _ = m.written.Write([]byte(answer)) // a buffer takes everything
	return answer
}

var anyToken = regexp.MustCompile(`(?:user:v2|pats)_[\w-]{66}|\*:\*\.[\w-]{43}`)

// make is run for a command that creates a token. It returns the token.
func (m *terminal) make(t *testing.T, token string, args ...string) string {
	t.Helper()
	made := anyToken.FindString(m.run(t, token, args...))
	if made == "" {
		t.Fatalf("pats %s created no token; stderr:\n%s", strings.Join(args, " "), m.written.String())
	}
	m.secrets = append(m.secrets, made)
	return made
}

// serve runs `pats serve` until act, which receives its address, returns.
func (m *terminal) serve(t *testing.T, act func(url string)) {
	t.Helper()
	server, err := service.Start(t.Context(), service.Command{
		Args: []string{m.program, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"},
		Env:  []string{"PATS_DATA=" + m.folder, "PATS_TOKEN="}, Log: &m.written,
	})
	must.Do(t, err)
	act(server.Ready)
	must.Do(t, server.Stop())
}

func (m *terminal) tokenFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(m.folder, name)
	text, err := os.ReadFile(path)
	must.Do(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%s: got %v and %v, want mode 0600", name, info, err)
	}
	token := strings.TrimSpace(string(text))
	m.secrets = append(m.secrets, token)
	return token
}

// helpTexts prints the help of every command and returns how many there are.
func (m *terminal) helpTexts(t *testing.T) int {
	t.Helper()
	commands := regexp.MustCompile(`(?m)^  ([a-z]+(?:[ -][a-z]+)*)  +[A-Z]`).FindAllStringSubmatch(m.show(t, "", "--help"), -1)
	for _, command := range commands {
		m.show(t, "", append(strings.Fields(command[1]), "--help")...)
	}
	return len(commands)
}

// remote uses a server through its URL, with valid and invalid requests.
func (m *terminal) remote(t *testing.T, url, token, admin string) {
	t.Helper()
	m.make(t, token, "token", "create", "--url", url, "--description", "remote")
	wrong := token[:len(token)-1] + "x"
	for _, presented := range []string{token, inPats(token), wrong, inPats(wrong), admin, "Bearer " + inPats(token), token + "\n"} {
		m.show(t, presented, "token", "list", "--url", url, "--output", "json")
		m.show(t, presented, "token", "create", "--url", url, "--description", "remote")
		m.show(t, presented, "token", "revoke", "99", "--url", url)
		m.show(t, presented, "token", "list", "--url", "http://127.0.0.1:1")
		m.show(t, presented, "token", "list", "--url", "http://"+strings.TrimSpace(presented)+"@127.0.0.1:1")
		m.show(t, presented, "token", "list", "--url", url, "--token-file", "/nowhere")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/"+token+"?"+token, nil)
	must.Do(t, err)
	request.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(request)
	must.Do(t, err)
	_ = response.Body.Close() // only the log counts
}

// local uses the data file, with valid and invalid commands.
func (m *terminal) local(t *testing.T) {
	t.Helper()
	m.make(t, "", "token", "create", "--user", "1", "--description", "local")
	m.make(t, "", "token", "create", "--user", "1", "--description", "local in JSON", "--output", "json")
	m.show(t, "", "token", "create", "--user", "1", "--description", "kept", "--token-file", filepath.Join(m.folder, "kept.token"))
	kept := m.tokenFile(t, "kept.token")
	for _, token := range []string{m.secrets[0], kept, inPats(kept)} {
		for _, args := range []string{
			"token list " + token, "token revoke --user 1 " + token, "token list --token " + token, "token list --user=" + token,
			"serve --parameter AdminTokenHash=" + token, "serve --listen " + token, "--output " + token, "check --data /nowhere/" + token,
		} {
			m.show(t, token, strings.Fields(args)...)
		}
	}
	for _, args := range []string{
		"token create --user 1 --description local", "token create --user 9 --description x", "token create", "token list --user 1",
		"token revoke 1 --user 1", "token revoke x --user 1", "user list --output json", "user create --username admin",
		"user disable 1", "check", "check --data /nowhere", "version", "nonsense", "--nonsense", "",
		"token create --user 1 --description y --token-file /", "token list --user 1 --store dynamodb --endpoint http://127.0.0.1:1 --table t",
	} {
		m.show(t, m.secrets[0], strings.Fields(args)...)
	}
}

func TestCommandsLeakNothing(t *testing.T) {
	t.Parallel()
	m := newTerminal(t)
	if got, want := m.helpTexts(t), 13; got < want {
		t.Errorf("got the help of %d commands, want %d", got, want)
	}
	admin := m.make(t, "", "admin-token", "new")
	m.make(t, "", "admin-token", "new", "--output", "json")
	m.serve(t, func(url string) { m.remote(t, url, m.tokenFile(t, "token"), admin) })
	m.local(t)
	scanner := leaks.NewScanner(m.secrets)
	hits, err := scanner.Scan("what pats printed", strings.NewReader(m.written.String()))
	must.Do(t, err)
	for _, hit := range append(hits, search(t, scanner, filepath.Join(m.folder, "pats.db")).Hits...) {
		t.Errorf("%s: at byte %d, %s: %s", hit.Path, hit.Offset, hit.Form, hit.Name)
	}
}
