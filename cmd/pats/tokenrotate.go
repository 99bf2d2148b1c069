package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/target"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/api/apitypes"
	"pats/pkg/pat"
)

type tokenRotate struct {
	ID pat.TokenID `arg:"" optional:"" name:"token-id" help:"The token's id, as in the list. With --url, leave it out to rotate the token presented."`
	tokensFlags
	prefixFlag
	Expires   *expiry       `placeholder:"90d|12h|TIME" help:"New expiry of the token: a number of days or hours from now, or a time such as 2027-01-31T12:00:00Z (default: the present one)."`
	Overlap   time.Duration `default:"5m" placeholder:"DURATION" help:"How long the old token still works, such as 30m or 24h, at most 168h. 0s ends it at once (default: 5m)."`
	TokenFile string        `placeholder:"FILE" help:"With a store, write the new token to FILE, readable only by you, instead of printing it. With --url, present the token in FILE (default: the token in PATS_TOKEN, or of pats login), and without an id replace it by the new one."`
}

// Help returns the end of `pats token rotate --help`.
func (*tokenRotate) Help() string {
	return `The token keeps its id, description and scopes, and gets a new secret. The old one works until the overlap ends.
A file is replaced only once the new token is on the disk. If a rotation with --url and without an id is interrupted, run
the same command again before the overlap ends, within 24 hours: it returns the same new token.

Examples:
  pats token rotate 2 --user 1 --overlap 24h --token-file ci.token
  pats token rotate --url http://127.0.0.1:3000 --token-file .pats/token
  pats token rotate 2 --url http://127.0.0.1:3000 --token-file .pats/token --expires 90d`
}

// Run rotates the token, and prints the new one or writes it to a file.
func (c *tokenRotate) Run(ctx context.Context, e env, out *printer, typed typedFlags) error {
	onServer, err := c.onServer(typed)
	if err != nil {
		return err
	}
	r := pat.Rotation{Overlap: c.Overlap}
	if c.Expires != nil {
		r.ExpiresAt = c.Expires.from(e.now())
	}
	if onServer {
		return c.runOnServer(ctx, e, out, typed, r)
	}
	if c.ID == 0 {
		return failure.Misuse("the id of a token is needed", "`pats token list --user ID` lists the ids.")
	}
	settings, err := c.prefixed(pat.Settings{})
	if err != nil {
		return err
	}
	return c.withUser(ctx, e, typed, settings, func(tokens target.Tokens) error {
		return rotation{tokens, c.ID, r, c.TokenFile}.run(ctx, out)
	})
}

func (c *tokenRotate) runOnServer(ctx context.Context, e env, out *printer, typed typedFlags, r pat.Rotation) error {
	if err := refuseOnServer(typed, "token-prefix"); err != nil {
		return err
	}
	if c.ID == 0 && r.Overlap == 0 {
		return failure.Misuse("a token that rotates itself needs an --overlap", "A lost response would lose the token.")
	}
	path, err := c.tokenPath(e, c.TokenFile)
	if err != nil {
		return err
	}
	server, err := c.server(ctx, e, out, path)
	if err != nil {
		return err
	}
	if c.ID != 0 {
		return rotation{server, c.ID, r, ""}.run(ctx, out)
	}
	if c.Expires == nil || !c.Expires.at.IsZero() {
		return rotation{server, 0, r, path}.run(ctx, out)
	}
	r.ExpiresAt = wholeMinutes(e.now().Add(c.Expires.after))
	return rotation{rerunnable{server, c.Expires.after}, 0, r, path}.run(ctx, out)
}

// rerunnable is a server on which the token presented rotates itself so that it expires some time after now. The rotation is repeatable
// although a later run asks for a later end.
type rerunnable struct {
	*target.Server
	after time.Duration
}

// Rotate rotates the token. If an earlier run did, it asks for the end of that run, which it finds by the time of the rotation: ends are
// whole minutes, and the clocks may differ by one. Errors: those of [target.Server.Rotate].
func (s rerunnable) Rotate(ctx context.Context, id pat.TokenID, r pat.Rotation) (apitypes.CreatedToken, error) {
	rotated, err := s.Server.Rotate(ctx, id, r)
	if !errors.Is(err, target.ErrOtherRequest) {
		return rotated, err
	}
	shown, showErr := s.Show(ctx)
	if showErr != nil || shown.RotatedAt == nil {
		return apitypes.CreatedToken{}, err
	}
	for _, difference := range []time.Duration{0, -time.Minute, time.Minute} {
		r.ExpiresAt = wholeMinutes(shown.RotatedAt.Time.Add(s.after + difference))
		rotated, err = s.Server.Rotate(ctx, id, r)
		if !errors.Is(err, target.ErrOtherRequest) {
			break
		}
	}
	return rotated, err
}

// wholeMinutes rounds down, since a server can have a longest lifetime.
func wholeMinutes(at time.Time) time.Time { return at.Truncate(time.Minute) }

// rotation is the rotation of a token whose new secret is written to file, or printed if that is empty.
type rotation struct {
	tokens target.Tokens
	// id is 0 for the token that is presented to a server.
	id       pat.TokenID
	rotation pat.Rotation
	file     string
}

func (r rotation) run(ctx context.Context, out *printer) error {
	if r.file == "" {
		rotated, err := r.rotate(ctx, func(rotated apitypes.CreatedToken) error {
			return out.print(rotated, append(createdRows(rotated.Token), []string{"Token", rotated.Secret}))
		})
		if err == nil {
			out.note("Keep the token: it cannot be shown again. %s", r.overlapOf(rotated.Token))
		}
		return err
	}
	draft, err := tokenfile.Create(r.file) // before the rotation, so that a file that cannot be written fails first
	if err != nil {
		return err
	}
	defer draft.Discard()
	rotated, err := r.rotate(ctx, func(rotated apitypes.CreatedToken) error {
		return publish(draft, rotated.Secret)
	})
	if err != nil {
		return err
	}
	out.note("The new token is in %s. %s", r.file, r.overlapOf(rotated.Token))
	return out.print(rotated.Token, createdRows(rotated.Token))
}

// publish writes secret to the draft and, once the disk has it, moves it to its path.
func publish(draft *tokenfile.Draft, secret string) error {
	if err := draft.Write(secret); err != nil {
		return err
	}
	return draft.Publish()
}

// rotate rotates the token and calls deliver with it.
func (r rotation) rotate(ctx context.Context, deliver func(apitypes.CreatedToken) error) (apitypes.CreatedToken, error) {
	rotated, err := r.tokens.Rotate(ctx, r.id, r.rotation)
	if err != nil {
		return apitypes.CreatedToken{}, err
	}
	if err := deliver(rotated); err != nil {
		return apitypes.CreatedToken{}, r.undelivered(rotated.Token, err)
	}
	return rotated, nil
}

// undelivered returns the failure to deliver a new secret because of cause.
func (r rotation) undelivered(token apitypes.Token, cause error) error {
	advice := r.overlapOf(token) + " Rotate it again, which ends the old token at once."
	if r.id == 0 {
		advice = r.overlapOf(token) + " Run the same command again before then: it returns the same new token."
	}
	return &failure.Error{
		Code:    failure.Failed,
		Message: fmt.Sprintf("token %d was rotated, but the new token could not be delivered: %v", token.ID, cause),
		Advice:  advice,
		Err:     cause,
	}
}

// overlapOf returns a sentence about the old token.
func (r rotation) overlapOf(token apitypes.Token) string {
	if r.rotation.Overlap == 0 || token.RotatedAt == nil {
		return "The old token is invalid."
	}
	end := apitypes.Time{Time: token.RotatedAt.Time.Add(r.rotation.Overlap)}
	return fmt.Sprintf("The old token works until %s.", formatTime(end))
}
