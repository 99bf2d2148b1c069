package main

import (
	"context"
	"crypto/rand"
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
	// firstLifetime is the lifetime of the first token.
	firstLifetime = 90 * 24 * time.Hour
)

// firstStart creates the user admin and a token of the user's in the token file: both or neither. The file comes first, and
// contains no valid token until user and token are stored, in one change. A start that is killed in between leaves a store
// without users, so the next start replaces the file.
func (s *startup) firstStart(ctx context.Context) error {
	if err := s.refuseForeignFile(ctx); err != nil {
		return err
	}
	file, err := tokenfile.Create(s.tokenPath())
	if err != nil {
		return err
	}
	defer file.Discard()
	secret, err := pat.NewSecret(rand.Reader, firstUser)
	if err != nil {
		return err
	}
	if err := file.Commit(secret.Reveal()); err != nil {
		return err
	}
	if err := s.storeFirst(ctx, secret); err != nil {
		return errors.Join(err, os.Remove(s.tokenPath()))
	}
	s.note("Created user %d, admin, with a token in %s that is valid for 90 days.", firstUser, s.tokenPath())
	return nil
}

// refuseForeignFile refuses to replace a file that is not a token file of an earlier start.
func (s *startup) refuseForeignFile(ctx context.Context) error {
	info, err := os.Lstat(s.tokenPath())
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.Mode().IsRegular()) {
		return nil // tokenfile.Create refuses files that are not regular
	}
	text, _, err := tokenfile.Read(ctx, s.tokenPath())
	if err == nil {
		_, err = pat.ParseSecret(text)
	}
	if err != nil {
		return failure.New(failure.Failed, s.tokenPath()+" exists already, and pats did not write it",
			"The first start writes a token there. Move the file away, or choose another folder: --data FOLDER.")
	}
	return nil
}

// storeFirst stores the first user with the first token, as one change.
func (s *startup) storeFirst(ctx context.Context, secret pat.Secret) error {
	now := s.now()
	token := pat.Token{
		ID:          firstToken,
		Description: "first token",
		Selector:    secret.Selector(),
		Verifier:    secret.Verifier(),
		CreatedAt:   now,
		ExpiresAt:   now.Add(firstLifetime),
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
