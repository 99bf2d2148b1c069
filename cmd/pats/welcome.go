package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"pats/pkg/api"
	"pats/pkg/pat"
)

const (
	// tokenName is the name of the file beside the data file with a token for the person at this machine.
	tokenName = "token"
	// firstLifetime is how long that token lasts.
	firstLifetime = 90 * 24 * time.Hour
)

// host is a server that is about to begin.
type host struct {
	*app
	service *pat.Service
	at      net.Addr
}

func (h *host) tokenPath() string { return filepath.Join(h.Data, tokenName) }

// welcome makes the first user and token if there is no user in a data file, and says how to call the server.
func (h *host) welcome(ctx context.Context) error {
	first, err := h.service.Users(ctx, 0, pageSize)
	if err != nil {
		return err
	}
	if len(first) == 0 && h.Store != storeDynamoDB {
		if err := h.firstStart(ctx); err != nil {
			return err
		}
	}
	h.tidy()
	h.warnOfNetwork()
	if err := h.checkToken(ctx); err != nil {
		h.note("There is no token in %s that works: %s\n%s", h.tokenPath(), reason(err), h.remedy(first))
	}
	_, err = fmt.Fprintln(h.stdout, h.readyLine())
	return err
}

// firstStart makes the user admin and a token of this user's in the token file. If it does not come to the end, the next start
// finds a user without such a file, and says what to do.
func (h *host) firstStart(ctx context.Context) error {
	account, err := h.service.CreateUser(ctx, pat.Profile{Username: "admin", Role: pat.Admin})
	if err != nil {
		return err
	}
	draft := pat.Draft{Description: "first token", ExpiresAt: h.now().Add(firstLifetime)}
	if _, err := issueToFile(ctx, stored{h.service, account.ID}, draft, h.tokenPath()); err != nil {
		return err
	}
	h.note("Made user %d, admin, with a token in %s that lasts for 90 days.", account.ID, h.tokenPath())
	return nil
}

// tidy removes tokens that no file is meant to have from the folder of the data file, which this process has to itself.
func (h *host) tidy() {
	if h.Store == storeDynamoDB {
		return
	}
	if err := discardDrafts(h.Data); err != nil {
		h.note("There may be files with a token in %s that a killed process has left: %v", h.Data, err)
	}
}

// warnOfNetwork says what it means to listen on an address that other machines can reach.
func (h *host) warnOfNetwork() {
	if address, ok := h.at.(*net.TCPAddr); ok && !address.IP.IsLoopback() {
		h.note("Other machines can reach %s, and tokens come here unencrypted.", h.at)
	}
}

// checkToken finds out, without recording a use, whether the token in the token file lets its holder in.
func (h *host) checkToken(ctx context.Context) error {
	text, err := readTokenFile(h.tokenPath())
	if err != nil {
		return err
	}
	secret, err := pat.ParseSecret(text)
	if err != nil {
		return err
	}
	selector := secret.Selector()
	account, err := h.service.Admit(ctx, pat.Identity{User: selector.UserID(), Selector: selector})
	if err != nil {
		return err
	}
	if token, _ := account.Find(selector); !token.Verifier.Matches(secret) {
		return pat.Refused(pat.ReasonInvalid, nil)
	}
	return nil
}

func reason(err error) string {
	if e, ok := errors.AsType[*pat.Error](err); ok {
		return e.Message
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file."
	}
	return err.Error()
}

// remedy is how to have a token in the token file: for the first of users who is not disabled, or else for one to be made.
func (h *host) remedy(users []pat.Account) string {
	advice := []string{"This makes one:"}
	if h.Store != storeDynamoDB {
		advice[0] = "Stop this server, since it has the data file to itself, make one, and start again:"
	}
	owner := "ID"
	if i := slices.IndexFunc(users, func(u pat.Account) bool { return !u.Disabled }); i >= 0 {
		owner = formatID(users[i].ID)
	} else {
		advice = append(advice, h.command("user", "create", "--username", "admin", "--role", "admin")+"  # prints the ID")
	}
	description := "pats serve " + h.now().UTC().Format(time.RFC3339) // a description may be used once
	return strings.Join(append(advice,
		h.command("token", "create", "--user", owner, "--description", description, "--token-file", h.tokenPath())), "\n  ")
}

// command is a command line for the store that is served, for a POSIX shell.
func (h *host) command(args ...string) string {
	words := append([]string{h.program}, args...)
	if h.Store == storeDynamoDB {
		words = append(words, "--store", string(storeDynamoDB), "--table", h.Table)
	} else {
		words = append(words, "--data", h.Data)
	}
	for _, flag := range [][2]string{{"--endpoint", h.Endpoint}, {"--region", h.Region}} {
		if flag[1] != "" && h.Store == storeDynamoDB {
			words = append(words, flag[0], flag[1])
		}
	}
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// quote makes text one word of a POSIX shell.
func quote(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// readyLine is a command that calls the server. It names the file with the token and does not show the token.
func (h *host) readyLine() string {
	return fmt.Sprintf(`curl %s%s -H "Authorization: $(cat %s)"`, h.url(), api.ResourceTokens, quote(h.tokenPath()))
}

// url is the server's address for a program on this machine.
func (h *host) url() string {
	name, port, err := net.SplitHostPort(h.at.String())
	if ip := net.ParseIP(name); err == nil && ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(name, port)
}
