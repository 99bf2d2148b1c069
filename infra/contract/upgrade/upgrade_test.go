package upgrade_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pats/infra/testkit/apiclient"
	"pats/infra/testkit/deployed"
	"pats/infra/testkit/must"
	"pats/infra/testkit/service"
	"pats/infra/testkit/skip"
	"pats/pkg/boltstore"
	"pats/pkg/dynamostore"
	"pats/pkg/dynamostore/dynamotest"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// release is the last commit whose program knows no scopes.
const release = "8d6ff2a5dbbdb27f24c72e1560c98a6756f51b4f"

// target is a store that both releases use in turn.
type target struct {
	// flags choose the store on the command line.
	flags []string
	// open returns the store while the earlier release does not run.
	open func(*testing.T) (store pat.Store, end func() error)
	// refusal is what the earlier release prints about a store or record of a later format.
	refusal string
	// whole reports that one scoped token makes the earlier release refuse the whole store, not only its user.
	whole bool
}

func TestEarlierReleaseRefusesScopedTokens(t *testing.T) {
	t.Parallel()
	command := buildRelease(t)
	for name, newTarget := range map[string]func(*testing.T) target{"data file": newFile, "DynamoDB": newTable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newEnv(t, command, newTarget(t)).run()
		})
	}
}

func newFile(t *testing.T) target {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	return target{
		flags: []string{"--data", folder},
		open: func(t *testing.T) (pat.Store, func() error) {
			t.Helper()
			store, err := boltstore.Open(filepath.Join(folder, "pats.db"))
			must.Do(t, err)
			return store, store.Close
		},
		refusal: "format 3",
		whole:   true,
	}
}

func newTable(t *testing.T) target {
	t.Helper()
	settings, table := dynamotest.Settings(t), "upgrade-"+rand.Text()
	client := dynamostore.NewClient(settings)
	must.Do(t, dynamostore.CreateTable(t.Context(), client, table))
	return target{
		flags: []string{"--store", "dynamodb", "--table", table, "--endpoint", settings.Endpoint},
		open: func(*testing.T) (pat.Store, func() error) {
			return dynamostore.New(client, table), func() error { return nil }
		},
		refusal: "cannot be read: this version of the program does not know its format",
	}
}

// buildRelease builds the earlier release's command from the git history, and returns its path.
func buildRelease(t *testing.T) string {
	t.Helper()
	skip.Without(t, "git", "git")
	const root = "../../.."
	if err := exec.CommandContext(t.Context(), "git", "-C", root, "cat-file", "-e", release+"^{commit}").Run(); err != nil {
		skip.Test(t, "commit "+release+" is missing: fetch the full history (git fetch --unshallow)")
	}
	folder := t.TempDir()
	archive := exec.CommandContext(t.Context(), "git", "-C", root, "archive", "--format=tar", "--output", filepath.Join(folder, "release.tar"), release,
		"go.mod", "go.sum", "pats.go", "template.yaml", "cmd", "pkg", ":(exclude,glob)**/testdata/**") // data files there have any mode
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-f", "release.tar")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc,nethttpomithttp2",
		"-o", filepath.Join(folder, "release"), "./cmd/pats")
	unpack.Dir, build.Dir = folder, folder
	// The flags are the Makefile's, so that the compiler finds most packages in its cache. Those of the tests can have an overlay for this
	// release's code.
	build.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0")
	for _, step := range []*exec.Cmd{archive, unpack, build} {
		if output, err := step.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(step.Args, " "), err, output)
		}
	}
	return filepath.Join(folder, "release")
}

// env is a store, and the earlier release's command.
type env struct {
	*testing.T
	target

	command string
	folder  string
}

func newEnv(t *testing.T, command string, target target) *env {
	t.Helper()
	return &env{t, target, command, t.TempDir()}
}

// The users: ann by the earlier release, bob by this one.
const ann, bob = "1", "2"

func (e *env) run() {
	e.Helper()
	e.upgrade(e.createdByRelease())
	for _, user := range []string{ann, bob} {
		e.wantRead(user, "own")
	}
	if !e.whole {
		e.wantRotatedRefused()
		e.wantServiceRefused()
	}
	scoped, made := e.narrow()
	e.wantRefused("token", "list", "--user", bob)
	e.wantRefused("token", "create", "--user", bob, "--description", "late")
	e.wantRefused("token", "revoke", "--user", bob, "1")
	if e.whole {
		e.wantRefused("token", "list", "--user", ann)
		e.wantRefused("serve", "--listen", "127.0.0.1:0")
	} else {
		e.wantRead(ann, "own")
		e.wantNotServed(scoped, made)
	}
	e.wantUnchanged(scoped)
}

// createdByRelease returns ann's token.
func (e *env) createdByRelease() pat.Secret {
	e.Helper()
	e.mustRun("user", "create", "--username", "ann", "--role", "admin")
	var created struct{ Secret string }
	must.Do(e, json.Unmarshal([]byte(e.mustRun("token", "create", "--user", ann, "--description", "own", "--output", "json")), &created))
	secret, err := pat.ParseSecret(created.Secret)
	must.Do(e, err)
	return secret
}

// upgrade reads ann's token with this release, and creates bob with an unscoped one.
func (e *env) upgrade(secret pat.Secret) {
	e.Helper()
	e.with(func(s *pat.Service) {
		holder, err := s.Check(e.Context(), secret)
		if err != nil || !holder.Token.Scopes.Unscoped() {
			e.Errorf("the earlier release's token: got %+v and %v, want an unscoped token", holder.Token, err)
		}
		user, err := s.CreateUser(e.Context(), pattest.Profile("bob", pat.Editor))
		must.Do(e, err)
		_, _, err = s.CreateUserToken(e.Context(), user.ID, draft("own", pat.Unscoped()))
		must.Do(e, err)
	})
}

// wantRotatedRefused fails the test unless the earlier release refuses a user whose only token is unscoped and was rotated.
func (e *env) wantRotatedRefused() {
	e.Helper()
	var user pat.Account
	e.with(func(s *pat.Service) {
		var err error
		user, err = s.CreateUser(e.Context(), pattest.Profile("rotated", pat.Editor))
		must.Do(e, err)
		token, _, err := s.CreateUserToken(e.Context(), user.ID, draft("own", pat.Unscoped()))
		must.Do(e, err)
		_, _, err = s.RotateUserToken(e.Context(), user.ID, token.ID, pat.Rotation{})
		must.Do(e, err)
	})
	e.wantRefused("token", "list", "--user", strconv.FormatInt(int64(user.ID), 10))
}

// wantServiceRefused fails the test unless the earlier release refuses a service account, which it would take for a person, and lists
// the others without it.
func (e *env) wantServiceRefused() {
	e.Helper()
	var account pat.Account
	e.with(func(s *pat.Service) {
		var err error
		account, err = s.CreateServiceAccount(e.Context(), pat.Profile{Username: "robot", Role: pat.Admin})
		must.Do(e, err)
		_, _, err = s.CreateUserToken(e.Context(), account.ID, draft("own", pat.Unscoped()))
		must.Do(e, err)
	})
	id := strconv.FormatInt(int64(account.ID), 10)
	e.wantRefused("token", "list", "--user", id)
	e.wantRefused("token", "create", "--user", id, "--description", "late")
	e.wantRefused("user", "disable", id)
	if users := e.mustRun("user", "list"); strings.Contains(users, "robot") || !strings.Contains(users, "bob") {
		e.Errorf("the earlier release lists\n%s\nwant the persons alone", users)
	}
}

// narrow creates a scoped token of bob's with this release, and an unscoped one that has a maker.
func (e *env) narrow() (scoped, made pat.Secret) {
	e.Helper()
	e.with(func(s *pat.Service) {
		var err error
		_, scoped, err = s.CreateUserToken(e.Context(), 2, draft("scoped", pattest.Scopes(e, "orders:read")))
		must.Do(e, err)
		_, maker, err := s.CreateUserToken(e.Context(), 2, draft("maker", pat.Unscoped()))
		must.Do(e, err)
		_, made, err = s.CreateToken(e.Context(), pat.Identity{User: 2, Selector: maker.Selector()}, draft("made", pat.Unscoped()))
		must.Do(e, err)
	})
	return scoped, made
}

func draft(description string, scopes pat.Scopes) pat.Draft {
	return pat.Draft{Description: description, Scopes: scopes, ExpiresAt: time.Now().Add(time.Hour)}
}

// with calls work with this release's service.
func (e *env) with(work func(*pat.Service)) {
	e.Helper()
	store, end := e.open(e.T)
	settings := pat.Settings{Retention: pat.DefaultRetention, Scopes: pattest.Catalog(e, "orders:read")}
	work(pat.NewService(store, settings, pat.SystemEnv(slog.New(slog.DiscardHandler))))
	must.Do(e, end())
}

// timeout bounds a command of the earlier release: a server that starts where it should refuse to would not end.
const timeout = time.Minute

// release runs the earlier release's command on the store.
func (e *env) release(args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(e.Context(), timeout)
	defer cancel()
	process := exec.CommandContext(ctx, e.command, slices.Concat(args, e.flags)...)
	var out, errs strings.Builder
	process.Dir, process.Stdout, process.Stderr = e.folder, &out, &errs
	err = process.Run()
	return out.String(), errs.String(), err
}

func (e *env) mustRun(args ...string) string {
	e.Helper()
	stdout, stderr, err := e.release(args...)
	if err != nil {
		e.Fatalf("the earlier release, %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return stdout
}

func (e *env) wantRead(user, description string) {
	e.Helper()
	if output := e.mustRun("token", "list", "--user", user); !strings.Contains(output, description) {
		e.Errorf("the earlier release lists for user %s: %s\nwant %q", user, output, description)
	}
}

// wantRefused fails the test unless the earlier release refuses because of the format, and prints nothing of the tokens.
func (e *env) wantRefused(args ...string) {
	e.Helper()
	stdout, stderr, err := e.release(args...)
	if err == nil || !strings.Contains(stderr, e.refusal) || strings.Contains(stdout, "scoped") {
		e.Errorf("the earlier release, %s: got %v and\n%s%s\nwant a refusal with %q", strings.Join(args, " "), err, stdout, stderr, e.refusal)
	}
}

// wantNotServed fails the test if the earlier release's server lets the holder of one of the tokens through.
func (e *env) wantNotServed(tokens ...pat.Secret) {
	e.Helper()
	server, err := service.Start(e.Context(), service.Command{
		Args: slices.Concat([]string{e.command, "serve", "--listen", "127.0.0.1:0"}, e.flags), Dir: e.folder,
	})
	must.Do(e, err)
	client := apiclient.New(e, 1)
	for _, token := range tokens {
		for _, path := range []string{deployed.TokensPath, deployed.ProfilePath} {
			got, err := apiclient.Send(e.Context(), client, server.Ready, apiclient.Request{Method: http.MethodGet, Path: path, Token: token.Reveal()})
			if err != nil || got.Status != http.StatusServiceUnavailable {
				e.Errorf("the earlier release, GET %s: got %v and error %v, want 503", path, got, err)
			}
		}
	}
	must.Do(e, server.Stop())
}

// wantUnchanged fails the test unless the scoped token is as it was created.
func (e *env) wantUnchanged(scoped pat.Secret) {
	e.Helper()
	e.with(func(s *pat.Service) {
		holder, err := s.Check(e.Context(), scoped)
		if err != nil || !slices.Equal(s.Granted(holder), []pat.Scope{"orders:read"}) {
			e.Errorf("got scopes %q and %v, want orders:read", s.Granted(holder), err)
		}
		if got := len(holder.Account.Tokens); got != 4 {
			e.Errorf("got %d tokens, want 4", got)
		}
	})
}
