package pat

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
)

var leaksTokens = regexp.MustCompile(`(?:user:v2|pats)_[\w-]{66}|user:[0-9a-f]{56}|\*:\*\.[\w-]{43}`)

// LeaksWithout returns the response without the tokens that the request contains: a refusal may quote a path or body to its sender.
func LeaksWithout(answer []byte, sent ...string) []byte {
	for _, token := range leaksTokens.FindAll(answer, -1) {
		for _, text := range sent {
			if strings.Contains(text, string(token)) {
				answer = bytes.ReplaceAll(answer, token, []byte("<sent>"))
			}
		}
	}
	return answer
}

// LeaksIssuesSecret reports whether a response with the status to a request for the path contains a new secret.
func LeaksIssuesSecret(status int, path string) bool {
	return status == http.StatusCreated || status == http.StatusOK && strings.HasSuffix(path, "/rotate")
}

// newSecret registers each secret that it creates.
func newSecret(selector Selector, random []byte) Secret {
	secret := newSecretUnwatched(selector, random)
	os.LeaksRegister(secret.Reveal())
	return secret
}

// NewAdminSecret registers each secret that it creates.
func NewAdminSecret(random io.Reader) (AdminSecret, error) {
	secret, err := NewAdminSecretUnwatched(random)
	if err == nil {
		os.LeaksRegister(secret.Reveal())
	}
	return secret, err
}

// ParseSecret registers tokens with a right checksum, and so those that another process created.
func ParseSecret(text string) (Secret, error) {
	secret, err := ParseSecretUnwatched(text)
	if err == nil {
		os.LeaksRegister(secret.Reveal())
	}
	return secret, err
}

// NewLoginVerifier registers each verifier that it creates.
func NewLoginVerifier(random io.Reader) (LoginVerifier, error) {
	verifier, err := NewLoginVerifierUnwatched(random)
	if err == nil {
		os.LeaksRegister(verifier.Reveal())
	}
	return verifier, err
}

// ParseLoginVerifier registers verifiers, and so those that another process created.
func ParseLoginVerifier(text string) (LoginVerifier, error) {
	verifier, err := ParseLoginVerifierUnwatched(text)
	if err == nil {
		os.LeaksRegister(verifier.Reveal())
	}
	return verifier, err
}

// NewSessionKey registers each key that it creates. A cookie has it sealed, so nothing that is written contains it.
func NewSessionKey(random io.Reader) (SessionKey, error) {
	key, err := NewSessionKeyUnwatched(random)
	if err == nil {
		os.LeaksRegister(key.Reveal())
	}
	return key, err
}

// ParseSessionKey registers keys, and so those that another process created.
func ParseSessionKey(text string) (SessionKey, error) {
	key, err := ParseSessionKeyUnwatched(text)
	if err == nil {
		os.LeaksRegister(key.Reveal())
	}
	return key, err
}

// Check registers tokens that are accepted, and so imported ones.
func (s *Service) Check(ctx context.Context, secret Secret) (Holder, error) {
	holder, err := s.CheckUnwatched(ctx, secret)
	if err == nil {
		os.LeaksRegister(secret.Reveal())
	}
	return holder, err
}

// Error dumps each text.
func (e *Error) Error() string {
	text := e.ErrorUnwatched()
	os.LeaksDump("errors", []byte(text+"\n"))
	return text
}
