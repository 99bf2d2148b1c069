package pat

import (
	"cmp"
	"fmt"
	"time"
)

// maxYear is the last year that RFC 3339 can express.
const maxYear = 9999

// Draft describes a token before it is created.
type Draft struct {
	// Description is unique among the user's tokens and 1 to MaxTextLen code points long. It is stored in Unicode's
	// Normalization Form C, without spaces around it, and has no control or format characters other than zero-width
	// joiners and non-joiners.
	Description string
	// Scopes is Unscoped, or has at least one scope.
	Scopes Scopes
	// ExpiresAt is in the future. It is stored in whole milliseconds.
	ExpiresAt time.Time
}

// normal returns d as it is stored.
func (d Draft) normal() Draft {
	d.Description = normalText(d.Description)
	d.ExpiresAt = d.ExpiresAt.UTC().Truncate(time.Millisecond)
	return d
}

// describes reports whether token was created from d, which is normal.
func (d Draft) describes(token Token) bool {
	return d.Description == token.Description && d.Scopes.Equal(token.Scopes) && d.ExpiresAt.Equal(token.ExpiresAt)
}

// check reports the first rule that d breaks. Errors: KindInvalid.
func (d Draft) check(now time.Time, settings Settings) error {
	if err := cmp.Or(checkDescription(d.Description), settings.checkExpiry(d.ExpiresAt, now)); err != nil {
		return err
	}
	if d.Scopes.Equal(Scopes{}) {
		return invalid(wrongScopeCount)
	}
	return nil
}

func checkDescription(description string) error {
	if description == "" {
		return invalid("PAT description cannot be empty.")
	}
	return textRule{"PAT description", isFormat}.check(description)
}

func checkYear(expiresAt time.Time) error {
	if expiresAt.UTC().Year() > maxYear {
		return invalid(fmt.Sprintf("The expiry date should be before the year %d.", maxYear+1))
	}
	return nil
}
