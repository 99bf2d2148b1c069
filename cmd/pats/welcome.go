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

	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api"
	"pats/pkg/pat"
)

// tokenName is the name of the file, next to the data file, with a token for the person at this machine.
const tokenName = "token"

// host is a server that is about to start.
type host struct {
	env
	*printer
	store   target.Store
	service *pat.Service
	address net.Addr
}

func (h *host) tokenPath() string { return filepath.Join(h.store.Folder, tokenName) }

func (h *host) onTable() bool { return h.store.Kind == target.DynamoDB }

// welcome creates the first user and token if a data file has no user, and prints how to send a request.
func (h *host) welcome(ctx context.Context) error {
	users, err := h.service.Users(ctx, 0, pageSize)
	if err != nil {
		return err
	}
	if len(users) == 0 && !h.onTable() {
		if err := h.firstStart(ctx); err != nil {
			return err
		}
	}
	h.removeLeftovers()
	h.warnOfNetwork()
	if err := h.checkToken(ctx); err != nil {
		h.note("The token in %s does not work: %s\n%s", h.tokenPath(), reason(err), h.remedy(users))
	}
	_, err = fmt.Fprintln(h.printer.stdout, h.readyLine())
	return err
}

// removeLeftovers removes incomplete token files from the folder of the data file, which this process has locked.
func (h *host) removeLeftovers() {
	if h.onTable() {
		return
	}
	removed, err := tokenfile.RemoveLeftovers(h.store.Folder)
	for _, path := range removed {
		h.note("Removed %s, an incomplete token file that an interrupted process left.", path)
	}
	if err != nil {
		h.warn(fmt.Sprintf("%s may contain incomplete token files: %v", h.store.Folder, err))
	}
}

// warnOfNetwork warns if other machines can reach the address.
func (h *host) warnOfNetwork() {
	if address, ok := h.address.(*net.TCPAddr); ok && !address.IP.IsLoopback() {
		h.warn(fmt.Sprintf("other machines can reach %s, and send their tokens unencrypted", h.address))
	}
}

// checkToken checks, without recording a use, that the token in the token file is valid.
func (h *host) checkToken(ctx context.Context) error {
	text, warning, err := tokenfile.Read(ctx, h.tokenPath())
	if err != nil {
		return err
	}
	h.warn(warning)
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
		return "the file does not exist."
	}
	return err.Error()
}

// remedy returns commands that put a valid token into the token file: for the first of users who is enabled, or else for a new
// user.
func (h *host) remedy(users []pat.Account) string {
	advice := []string{"This creates one:"}
	if !h.onTable() {
		advice[0] = "Stop this server, which has the data file locked, create a token, and start again:"
	}
	owner := "ID"
	if i := slices.IndexFunc(users, func(u pat.Account) bool { return !u.Disabled }); i >= 0 {
		owner = formatID(users[i].ID)
	} else {
		advice = append(advice, h.command("user", "create", "--username", "admin", "--role", "admin")+"  # prints the ID")
	}
	description := "pats serve " + h.now().UTC().Format(time.RFC3339) // descriptions are unique
	return strings.Join(append(advice,
		h.command("token", "create", "--user", owner, "--description", description, "--token-file", h.tokenPath())), "\n  ")
}

// command returns a command line for the store that is served, for a POSIX shell.
func (h *host) command(args ...string) string {
	words := append([]string{h.program}, args...)
	flags := [][2]string{{"--data", h.store.Folder}}
	if h.onTable() {
		flags = [][2]string{{"--store", string(target.DynamoDB)}, {"--table", h.store.Table.Name}, {"--endpoint", h.store.Table.Endpoint}, {"--region", h.store.Table.Region}}
	}
	for _, flag := range flags {
		if flag[1] != "" {
			words = append(words, flag[0], flag[1])
		}
	}
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// quote returns text as one word of a POSIX shell.
func quote(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// readyLine returns a command that sends a request. It names the file with the token, and does not contain the token.
func (h *host) readyLine() string {
	return fmt.Sprintf(`curl %s -H "Authorization: $(cat %s)"`, quote(h.url()+api.ResourceTokens), quote(h.tokenPath()))
}

// url returns the server's address for a program on this machine.
func (h *host) url() string {
	name, port, err := net.SplitHostPort(h.address.String())
	if ip := net.ParseIP(name); err == nil && ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(name, port)
}
