package pat

import (
	"context"
	"io"
	"os"
)

// newSecret registers what it makes.
func newSecret(selector Selector, random []byte) Secret {
	secret := newSecretUnwatched(selector, random)
	os.LeaksRegister(secret.Reveal())
	return secret
}

// NewAdminSecret registers what it makes.
func NewAdminSecret(random io.Reader) (AdminSecret, error) {
	secret, err := NewAdminSecretUnwatched(random)
	if err == nil {
		os.LeaksRegister(secret.Reveal())
	}
	return secret, err
}

// Authenticate registers what lets its holder in, and so the imported tokens.
func (s *Service) Authenticate(ctx context.Context, secret Secret) (Identity, error) {
	who, err := s.AuthenticateUnwatched(ctx, secret)
	if err == nil {
		os.LeaksRegister(secret.Reveal())
	}
	return who, err
}

// Error dumps each text.
func (e *Error) Error() string {
	text := e.ErrorUnwatched()
	os.LeaksDump("errors", []byte(text+"\n"))
	return text
}
