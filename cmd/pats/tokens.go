package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pats/pkg/pat"
)

// tokenView is a token as answers show it: in JSON as the HTTP API does.
type tokenView struct {
	ID          pat.TokenID `json:"id"`
	Description string      `json:"description"`
	ExpiresAt   stamp       `json:"expiresAt"`
	UserID      pat.UserID  `json:"userId"`
	CreatedAt   stamp       `json:"createdAt"`
	SeenAt      stamp       `json:"seenAt"`
	// Secret is the whole token. Only the answer of the command that makes it has it.
	Secret string `json:"secret,omitempty"`
}

// tokenListView is Unleash's patsSchema.
type tokenListView struct {
	Pats []tokenView `json:"pats"`
}

func viewToken(user pat.UserID, token pat.Token) tokenView {
	return tokenView{
		ID:          token.ID,
		Description: token.Description,
		ExpiresAt:   stamp{token.ExpiresAt},
		UserID:      user,
		CreatedAt:   stamp{token.CreatedAt},
		SeenAt:      stamp{token.SeenAt},
	}
}

// keeper is what the token commands work on: a user in a store, or a server over HTTP.
type keeper interface {
	list(ctx context.Context) ([]tokenView, error)
	create(ctx context.Context, draft pat.Draft) (tokenView, error)
	revoke(ctx context.Context, id pat.TokenID) error
}

// stored are the tokens of a user in a store.
type stored struct {
	service *pat.Service
	user    pat.UserID
}

func (s stored) list(ctx context.Context) ([]tokenView, error) {
	tokens, err := s.service.UserTokens(ctx, s.user)
	views := make([]tokenView, 0, len(tokens))
	for _, token := range tokens {
		views = append(views, viewToken(s.user, token))
	}
	return views, err
}

func (s stored) create(ctx context.Context, draft pat.Draft) (tokenView, error) {
	token, secret, err := s.service.CreateUserToken(ctx, s.user, draft)
	if err != nil {
		return tokenView{}, err
	}
	view := viewToken(s.user, token)
	view.Secret = secret.Reveal()
	return view, nil
}

func (s stored) revoke(ctx context.Context, id pat.TokenID) error {
	return s.service.RevokeUserToken(ctx, s.user, id)
}

// userFlag says whose tokens a command is about.
type userFlag struct {
	User pat.UserID `placeholder:"ID" help:"Whose token; needed with a store. With --url it is always the holder of the token presented."`
}

// withKeeper lets work use the tokens of the user in the store, or of the server that --url names.
func (a *app) withKeeper(ctx context.Context, user pat.UserID, tokenFile string, work func(keeper) error) error {
	if a.isRemote() {
		return a.withServer(user, tokenFile, work)
	}
	if user == 0 {
		return usage("--user ID is needed", "`pats user list` shows the ids.")
	}
	return a.withService(ctx, false, func(service *pat.Service) error { return work(stored{service, user}) })
}

type tokenList struct {
	userFlag
	presentFlag
}

// Run lists the tokens.
func (c *tokenList) Run(ctx context.Context, a *app) error {
	if err := a.checkPresented(c.TokenFile); err != nil {
		return err
	}
	return a.withKeeper(ctx, c.User, c.TokenFile, func(k keeper) error {
		tokens, err := k.list(ctx)
		if err != nil {
			return err
		}
		return a.answerTokens(tokens)
	})
}

func (a *app) answerTokens(tokens []tokenView) error {
	rows := table{{"ID", "DESCRIPTION", "CREATED", "EXPIRES", "LAST USED", "STATE"}}
	for _, t := range tokens {
		rows = append(rows, []string{formatID(t.ID), t.Description, t.CreatedAt.text(), t.ExpiresAt.text(), t.SeenAt.text(), t.state(a.now())})
	}
	return a.answer(tokenListView{tokens}, rows)
}

func (t tokenView) state(now time.Time) string {
	if (pat.Token{ExpiresAt: t.ExpiresAt.Time}).ExpiredAt(now) {
		return "expired"
	}
	return "valid"
}

type tokenCreate struct {
	userFlag
	Description string `required:"" placeholder:"TEXT" help:"What the token is for, unique among the user's tokens."`
	Expires     expiry `default:"90d" placeholder:"90d|12h|TIME" help:"When the token ends: after a number of days or hours, or at a time such as 2027-01-31T12:00:00Z (default: 90d)."`
	TokenFile   string `placeholder:"FILE" help:"With a store: write the token to FILE, readable by you only, instead of printing it. With --url: read the token to present from FILE."`
}

// Help is what `pats token create --help` ends with.
func (*tokenCreate) Help() string {
	return `Examples:
  pats token create --user 1 --description laptop
  pats token create --user 1 --description ci --expires 12h --token-file ci.token
  PATS_TOKEN=$(cat .pats/token) pats token create --url http://127.0.0.1:3000 --description deploy`
}

// Run makes the token, and shows it or writes it to a file.
func (c *tokenCreate) Run(ctx context.Context, a *app) error {
	draft := pat.Draft{Description: c.Description, ExpiresAt: c.Expires.from(a.now())}
	return a.withKeeper(ctx, c.User, c.TokenFile, func(k keeper) error {
		if c.TokenFile != "" && !a.isRemote() {
			return a.createInFile(ctx, k, draft, c.TokenFile)
		}
		token, err := k.create(ctx, draft)
		if err != nil {
			return err
		}
		return a.answerCreated(token)
	})
}

func (a *app) answerCreated(token tokenView) error {
	rows := table{
		{"Id", formatID(token.ID)},
		{"Description", token.Description},
		{"Expires", token.ExpiresAt.text()},
	}
	if token.Secret != "" {
		rows = append(rows, []string{"Token", token.Secret})
		defer a.note("Keep the token: it cannot be shown again.")
	}
	return a.answer(token, rows)
}

func (a *app) createInFile(ctx context.Context, k keeper, draft pat.Draft, path string) error {
	token, err := issueToFile(ctx, k, draft, path)
	if err != nil {
		return err
	}
	defer a.note("The token is in %s.", path)
	return a.answerCreated(token)
}

// issueToFile makes a token and writes it to the file at path, and nowhere else. If it cannot be written, it is revoked.
func issueToFile(ctx context.Context, k keeper, draft pat.Draft, path string) (tokenView, error) {
	file, err := newTokenFile(path)
	if err != nil {
		return tokenView{}, err
	}
	defer file.discard()
	token, err := k.create(ctx, draft)
	if err != nil {
		return tokenView{}, err
	}
	if err := file.keep(token.Secret); err != nil {
		return tokenView{}, errors.Join(err, k.revoke(context.WithoutCancel(ctx), token.ID))
	}
	token.Secret = ""
	return token, nil
}

type tokenRevoke struct {
	userFlag
	presentFlag
	ID pat.TokenID `arg:"" name:"token-id" help:"The token's id, as the list shows it."`
}

// Run revokes the token.
func (c *tokenRevoke) Run(ctx context.Context, a *app) error {
	if err := a.checkPresented(c.TokenFile); err != nil {
		return err
	}
	return a.withKeeper(ctx, c.User, c.TokenFile, func(k keeper) error {
		if err := k.revoke(ctx, c.ID); err != nil {
			return err
		}
		body := struct {
			ID     pat.TokenID `json:"id"`
			UserID pat.UserID  `json:"userId,omitempty"`
		}{c.ID, c.User}
		return a.answer(body, table{{fmt.Sprintf("Token %d works no more.", c.ID)}})
	})
}
