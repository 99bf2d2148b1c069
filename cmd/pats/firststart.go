package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"pats/cmd/pats/failure"
	"pats/cmd/pats/tokenfile"
	"pats/pkg/pat"
)

const (
	firstUser  pat.UserID  = 1
	firstToken pat.TokenID = 1
	// firstLifetime is the lifetime of the first token, unless the stack's longest one is shorter.
	firstLifetime = 90 * 24 * time.Hour
)

// firstStart creates the user admin and a token of the user's in the token file: both or neither. The token is on the disk, in a
// draft of the file, before user and token are stored, in one change. The next start finishes a start that ended in between.
func (s *startup) firstStart(ctx context.Context) error {
	if _, err := os.Lstat(s.tokenPath()); !errors.Is(err, fs.ErrNotExist) {
		return failure.New(failure.Failed, s.tokenPath()+" exists already", "The first start writes a token there. Move it away, or choose another folder: --data FOLDER.")
	}
	draft, err := tokenfile.Create(s.tokenPath())
	if err != nil {
		return err
	}
	secret, err := s.service.NewSecret(firstUser)
	if err == nil {
		err = draft.Write(secret.Reveal())
	}
	if err == nil {
		err = s.storeFirst(ctx, secret)
	}
	if err != nil {
		draft.Discard()
		return err
	}
	if err := draft.Publish(); err != nil {
		return err
	}
	s.note("Created user %d, admin, with a token in %s that is valid for %g days.", firstUser, s.tokenPath(), s.lifetime().Hours()/24)
	return nil
}

func (s *startup) lifetime() time.Duration { return s.service.CapLifetime(firstLifetime) }

// storeFirst stores the first user with the first token, as one change.
func (s *startup) storeFirst(ctx context.Context, secret pat.Secret) error {
	now := s.now()
	token := pat.Token{
		ID:          firstToken,
		Description: "first token",
		Scopes:      pat.Unscoped(),
		Selector:    secret.Selector(),
		Verifier:    secret.Verifier(),
		CreatedAt:   now,
		ExpiresAt:   now.Add(s.lifetime()),
	}
	if err := s.service.ReserveUserIDs(ctx, firstUser); err != nil {
		return err
	}
	result, err := s.service.ImportUser(ctx, pat.Account{
		ID:        firstUser,
		Profile:   pat.Profile{Username: "admin", Role: pat.Admin},
		CreatedAt: now,
		Tokens:    []pat.Token{token},
	})
	if err != nil {
		return err
	}
	if !result.Made || !result.Tokens[0].Added {
		return fmt.Errorf("the first user could not be created: %+v", result)
	}
	return nil
}

// settleLeftovers removes incomplete token files from the folder of the data file, which this process has locked. The one of an
// interrupted first start becomes the token file.
func (s *startup) settleLeftovers(ctx context.Context) {
	drafts, err := tokenfile.Leftovers(s.store.Folder)
	for _, draft := range drafts {
		if s.isFirstToken(ctx, draft) {
			err = errors.Join(err, tokenfile.Publish(draft, s.tokenPath()))
			s.note("Finished an interrupted first start: the token of user %d is in %s.", firstUser, s.tokenPath())
			continue
		}
		err = errors.Join(err, os.Remove(draft))
		s.note("Removed %s, an incomplete token file that an interrupted process left.", draft)
	}
	if err != nil {
		s.warn(fmt.Sprintf("%s may contain incomplete token files: %v", s.store.Folder, err))
	}
}

// isFirstToken reports whether the token file is missing and the draft contains the valid token of a first start.
func (s *startup) isFirstToken(ctx context.Context, draft string) bool {
	if _, err := os.Lstat(s.tokenPath()); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	user, token, err := s.validToken(ctx, draft)
	return err == nil && user == firstUser && token.ID == firstToken
}
