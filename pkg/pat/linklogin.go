package pat

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// LoginKey identifies a user at an identity provider: base64url of SHA-256 of issuer, line feed and subject (OpenID Connect Core §2:
// the two together are unique and never reassigned).
type LoginKey string

// NewLoginKey returns the key of the subject of issuer.
func NewLoginKey(issuer, subject string) LoginKey {
	sum := sha256.Sum256([]byte(issuer + "\n" + subject))
	return LoginKey(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// unique returns the key as one of Account.UniqueKeys.
func (k LoginKey) unique() string { return "login:" + string(k) }

// LinkLogin lets the subject of issuer sign in to a user's account, for an operator. It replaces another login of the account, whose
// sessions end. Errors: KindNotFound, KindInvalid for a service account, KindUserExists if another account has the login, KindUnavailable.
func (s *Service) LinkLogin(ctx context.Context, user UserID, issuer, subject string) (Account, error) {
	return s.changeLogin(ctx, user, NewLoginKey(issuer, subject))
}

// UnlinkLogin removes the login of a user's account, for an operator, and ends its sessions. Errors: KindNotFound, KindUnavailable.
func (s *Service) UnlinkLogin(ctx context.Context, user UserID) (Account, error) {
	return s.changeLogin(ctx, user, "")
}

func (s *Service) changeLogin(ctx context.Context, user UserID, login LoginKey) (Account, error) {
	var changed Account
	err := s.change(ctx, user, func(account Account, now time.Time) (Account, bool, error) {
		if login != "" && account.Type != UserAccount {
			return Account{}, false, invalid("A service account cannot sign in.")
		}
		if changed = account; account.SignIn.Login == login {
			return account, false, nil
		}
		changed.SignIn.Login, changed.SignIn.SessionsFrom = login, now
		return changed, true, nil
	})
	return changed, err
}
