package pat

import "time"

// DefaultRetention is how long an expired token stays listed, and counts toward the limit, by default.
const DefaultRetention = 30 * 24 * time.Hour

// Settings are the settings of a Service.
type Settings struct {
	// Retention is how long a token stays listed, and counts toward the limit, after it expires.
	Retention time.Duration
	// AcceptImported makes imported tokens valid, at the cost of one more read for each made-up or revoked token. If it is false,
	// they are refused without a read, and so are callers who presented one before.
	AcceptImported bool
	// Scopes are the scopes that exist.
	Scopes ScopeCatalog
	// TokenPrefix begins new tokens as they are handed to their holders. The zero value means PrefixUnleash.
	TokenPrefix TokenPrefix
	// MaxLifetime is the longest time from now to a new expiry date, or 0 for none. Tokens that exist keep theirs.
	MaxLifetime time.Duration
	// EnforceMaxLifetime also ends each secret at most MaxLifetime after it was issued, whatever the expiry date.
	EnforceMaxLifetime bool
	// MaxTokens is how many tokens a user can have. Zero means the constant MaxTokens.
	MaxTokens int
	// ExpiredUncounted leaves expired tokens out of that number. Of those, an account keeps MaxTokens at most, which expired last.
	ExpiredUncounted bool
}

// Service applies the rules to the accounts in a Store. It is safe for concurrent use.
type Service struct {
	store    Store
	settings Settings
	env      Env
}

// NewService returns a Service on store.
func NewService(store Store, settings Settings, env Env) *Service {
	return &Service{store: store, settings: settings, env: env}
}

// Granted returns the scopes that the holder's token carries for other APIs; see [ScopeCatalog.Granted].
func (s *Service) Granted(holder Holder) []Scope {
	return s.settings.Scopes.Granted(holder.Account, holder.Token)
}

// CapLifetime returns d, or Settings.MaxLifetime if that is shorter.
func (s *Service) CapLifetime(d time.Duration) time.Duration {
	if s.settings.MaxLifetime == 0 {
		return d
	}
	return min(d, s.settings.MaxLifetime)
}

// now returns the time in whole milliseconds, as it is stored.
func (s *Service) now() time.Time { return s.env.Now().UTC().Truncate(time.Millisecond) }
