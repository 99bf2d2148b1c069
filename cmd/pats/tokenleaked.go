package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/leakfile"
	"pats/cmd/pats/target"
	"pats/pkg/pat"
)

// leakReport is the result of --from-file. It contains no token.
type leakReport struct {
	// Tokens is the number of tokens in the file, each counted once.
	Tokens int `json:"tokens"`
	// Others is the number of lines, or of findings, that are not tokens.
	Others int `json:"others"`
	// Revoked reports whether the tokens are revoked, or only would be.
	Revoked bool `json:"revoked"`
	// Users is absent if a server revoked the tokens, which does not say whose they were.
	Users []leakedUser `json:"users,omitzero"`
}

// leakedUser is what ended, or would end, of one user.
type leakedUser struct {
	UserID pat.UserID    `json:"userId"`
	Tokens []pat.TokenID `json:"tokenIds"`
	// Replaced are the tokens of which only a replaced secret leaked.
	Replaced []pat.TokenID `json:"replacedSecretsOf"`
}

// revokeLeaked shows which tokens in a file exist, or revokes them.
func (c *tokenRevoke) revokeLeaked(ctx context.Context, e env, out *printer, typed typedFlags) error {
	if err := c.checkLeaked(typed); err != nil {
		return err
	}
	onServer, err := c.onServer(typed)
	if err != nil {
		return err
	}
	leaked, err := leakfile.Read(ctx, c.FromFile, e.stdin)
	if err != nil {
		return err
	}
	out.warn(notTokens(leaked.Others))
	report := leakReport{Tokens: len(leaked.Secrets), Others: len(leaked.Others), Revoked: c.Yes}
	if onServer {
		return c.leakedOnServer(ctx, out, leaked.Secrets, report)
	}
	return c.leakedInStore(ctx, e, out, typed, leaked.Secrets, report)
}

// checkLeaked refuses flags that choose tokens in another way. Errors: failure.Usage.
func (c *tokenRevoke) checkLeaked(typed typedFlags) error {
	if c.ID != 0 {
		return failure.Misuse("--from-file excludes the id of a token", "The file names the tokens.")
	}
	for _, flag := range append([]string{"all", "user", "descendants", "token-file"}, filterNames...) {
		if typed[flag] {
			return failure.Misuse("--from-file excludes --"+flag, "The file names the tokens, and their descendants are revoked too.")
		}
	}
	return nil
}

// maxNamed is how many lines a warning names.
const maxNamed = 10

// notTokens returns a warning about the lines or findings that are not tokens, or "" if there are none.
func notTokens(numbers []int) string {
	if len(numbers) == 0 {
		return ""
	}
	var names []string
	for _, number := range numbers[:min(len(numbers), maxNamed)] {
		names = append(names, strconv.Itoa(number))
	}
	list := strings.Join(names, ", ")
	if len(numbers) > maxNamed {
		list += fmt.Sprintf(" and %d more", len(numbers)-maxNamed)
	}
	return "not a token of pats, ignored: line or finding " + list
}

// leakedOnServer revokes the tokens through a server. Having them is enough, so no other token is presented.
func (c *tokenRevoke) leakedOnServer(ctx context.Context, out *printer, secrets []pat.Secret, report leakReport) error {
	server, err := target.NewServer(c.URL, "", c.AllowHTTP)
	if err != nil {
		return err
	}
	if !c.Yes {
		out.note("Nothing was revoked. A server does not say which tokens it knows; add --yes to revoke them.")
		return out.print(report, table{{plural(report.Tokens, "token") + " would be sent to " + c.URL + "."}})
	}
	if err := server.RevokeLeaked(ctx, secrets); err != nil {
		return unfinished(err)
	}
	return out.print(report, table{{plural(report.Tokens, "token") + " revoked, with descendants, if the server knew them."}})
}

func (c *tokenRevoke) leakedInStore(ctx context.Context, e env, out *printer, typed typedFlags, secrets []pat.Secret, report leakReport) error {
	settings, err := c.leakSettings()
	if err != nil {
		return err
	}
	return c.withService(ctx, e, typed, access{settings: settings}, func(service *pat.Service) error {
		act := target.FindLeaked
		if c.Yes {
			act = target.RevokeLeaked
		}
		all, err := act(ctx, service, secrets)
		report.Users = leakedUsers(all)
		if printErr := out.print(report, report.rows()); printErr != nil {
			return printErr
		}
		switch {
		case err != nil:
			return unfinished(err)
		case !c.Yes && len(all) > 0:
			out.note("Nothing was revoked. Add --yes to revoke these tokens.")
		}
		return nil
	})
}

// leakSettings returns settings with which imported tokens are found, whether or not the stack accepts them.
func (c *tokenRevoke) leakSettings() (pat.Settings, error) {
	settings, err := c.apply(pat.Settings{AcceptImported: true})
	if err != nil {
		return pat.Settings{}, err
	}
	settings.Retention, err = c.retention()
	return settings, err
}

func leakedUsers(all []pat.Ended) []leakedUser {
	users := []leakedUser{}
	for _, ended := range all {
		users = append(users, leakedUser{ended.User, append([]pat.TokenID{}, ended.Tokens...), append([]pat.TokenID{}, ended.Replaced...)})
	}
	return users
}

func (r leakReport) rows() table {
	if len(r.Users) == 0 {
		return table{{"The store has none of the tokens in the file: it has " + plural(r.Tokens, "token") + "."}}
	}
	rows := table{{"USER", "TOKENS", "REPLACED SECRETS OF"}}
	for _, user := range r.Users {
		rows = append(rows, []string{formatID(user.UserID), formatIDs(user.Tokens), formatIDs(user.Replaced)})
	}
	return rows
}

// formatIDs returns the ids with commas, or a dash.
func formatIDs(ids []pat.TokenID) string {
	if len(ids) == 0 {
		return "-"
	}
	var names []string
	for _, id := range ids {
		names = append(names, formatID(id))
	}
	return strings.Join(names, ",")
}

// unfinished returns the failure to revoke all tokens.
func unfinished(err error) error {
	f := *target.Explain(err)
	f.Message = "not all of the tokens were processed: " + f.Message
	f.Advice = strings.TrimPrefix(f.Advice+"\nRun the same command again to do the rest.", "\n")
	return &f
}
