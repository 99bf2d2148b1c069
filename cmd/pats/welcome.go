package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api"
	"pats/pkg/pat"
)

// tokenName is the name of the file, next to the data file, with a token for the person at this machine.
const tokenName = "token"

// startup is a server that is about to serve its first request.
type startup struct {
	env
	*printer
	store   target.Store
	service *pat.Service
	address net.Addr
	// accessCode is what signs users in at the provider for development, or empty without one.
	accessCode string
}

func (s *startup) tokenPath() string { return filepath.Join(s.store.Folder, tokenName) }

func (s *startup) onTable() bool { return s.store.Kind == target.DynamoDB }

// welcome creates the first user and token if a data file has no user, and prints how to send a request.
func (s *startup) welcome(ctx context.Context) error {
	users, err := s.service.Users(ctx, 0, pageSize)
	if err != nil {
		return err
	}
	if !s.onTable() {
		if err := s.prepareDataFile(ctx, len(users) == 0); err != nil {
			return err
		}
	}
	s.warnOfNetwork()
	if _, _, err := s.validToken(ctx, s.tokenPath()); err != nil {
		s.note("The token in %s does not work: %s\n%s", s.tokenPath(), reason(err), s.remedy(users))
	}
	s.note("Open %s/ in a browser, and sign in with the token in %s.", s.url(), s.tokenPath())
	if _, err := io.WriteString(s.printer.stdout, s.readyLine()+"\n"+s.accessLine()); err != nil {
		return failure.New(failure.Failed, "the ready line could not be printed: "+err.Error(), "")
	}
	return nil
}

// prepareDataFile finishes what an interrupted process left next to the data file, and creates the first user if there is none.
func (s *startup) prepareDataFile(ctx context.Context, first bool) error {
	s.settleLeftovers(ctx)
	if first {
		return s.firstStart(ctx)
	}
	return nil
}

// warnOfNetwork warns if other machines can reach the address.
func (s *startup) warnOfNetwork() {
	if address, ok := s.address.(*net.TCPAddr); ok && !address.IP.IsLoopback() {
		s.warn(fmt.Sprintf("other machines can reach %s, and send their tokens unencrypted", s.address))
	}
}

// validToken returns the token in the file at path and its user, without recording a use. Errors: the token is not valid.
func (s *startup) validToken(ctx context.Context, path string) (pat.UserID, pat.Token, error) {
	text, warning, err := tokenfile.Read(ctx, path)
	if err != nil {
		return 0, pat.Token{}, err
	}
	s.warn(warning)
	secret, err := pat.ParseSecret(text)
	if err != nil {
		return 0, pat.Token{}, err
	}
	selector := secret.Selector()
	holder, err := s.service.Admit(ctx, pat.Identity{User: selector.UserID(), Selector: selector})
	if err != nil {
		return 0, pat.Token{}, err
	}
	if !holder.Token.Verifier.Matches(secret) {
		return 0, pat.Token{}, pat.Refused(pat.ReasonInvalid, nil)
	}
	return holder.Account.ID, holder.Token, nil
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
func (s *startup) remedy(users []pat.Account) string {
	advice := []string{"This creates one:"}
	if !s.onTable() {
		advice[0] = "Stop this server, which has the data file locked, create a token, and start again:"
	}
	owner := "ID"
	if i := slices.IndexFunc(users, func(u pat.Account) bool { return !u.Disabled }); i >= 0 {
		owner = formatID(users[i].ID)
	} else {
		advice = append(advice, s.command("user", "create", "--username", "admin", "--role", "admin")+"  # prints the ID")
	}
	description := "pats serve " + s.now().UTC().Format(time.RFC3339) // descriptions are unique
	return strings.Join(append(advice,
		s.command("token", "create", "--user", owner, "--description", description, "--token-file", s.tokenPath())), "\n  ")
}

// readyLine returns a command that sends a request. It names the file with the token, and does not contain the token.
func (s *startup) readyLine() string {
	return fmt.Sprintf(`curl %s -H "Authorization: $(cat %s)"`, quote(s.url()+api.ResourceTokens), quote(s.tokenPath()))
}

// accessLine returns how to sign in at the provider for development, or "" without one. It is a result, since the code is a secret.
func (s *startup) accessLine() string {
	if s.accessCode == "" {
		return ""
	}
	return fmt.Sprintf("Or sign in under any name with the code %s.\n", s.accessCode)
}

// url returns the server's address for a program on this machine.
func (s *startup) url() string {
	name, port, err := net.SplitHostPort(s.address.String())
	if ip := net.ParseIP(name); err == nil && ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(name, port)
}
