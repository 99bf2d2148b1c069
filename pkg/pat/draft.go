package pat

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxTokens is how many tokens a user may have, expired ones included while they are kept. Unleash has the same limit.
	MaxTokens = 10
	// MaxTextLen is the longest description, username and name, in Unicode code points.
	MaxTextLen = 255
	// maxYear is the last year that RFC 3339 can write.
	maxYear = 9999
)

var tooMany = fmt.Sprintf("Too many PATs (%d) already exist for this user.", MaxTokens)

// Draft is a token to be made.
type Draft struct {
	// Description is 1 to MaxTextLen code points without control characters, and unique among the user's tokens.
	Description string
	// ExpiresAt lies in the future. It is kept in whole milliseconds.
	ExpiresAt time.Time
}

// stored is d as it is kept.
func (d Draft) stored() Draft {
	d.ExpiresAt = d.ExpiresAt.UTC().Truncate(time.Millisecond)
	return d
}

func (d Draft) check(now time.Time) error {
	if err := checkDescription(d.Description); err != nil {
		return err
	}
	if !d.ExpiresAt.After(now) {
		return invalid("The expiry date should be in future.")
	}
	return checkYear(d.ExpiresAt)
}

func checkDescription(description string) error {
	switch {
	case description == "":
		return invalid("PAT description cannot be empty.")
	case utf8.RuneCountInString(description) > MaxTextLen:
		return invalid(fmt.Sprintf("PAT description cannot be longer than %d characters.", MaxTextLen))
	case !printable(description):
		return invalid("PAT description cannot contain control characters.")
	}
	return nil
}

func checkYear(expiresAt time.Time) error {
	if expiresAt.UTC().Year() > maxYear {
		return invalid(fmt.Sprintf("The expiry date should be before the year %d.", maxYear+1))
	}
	return nil
}

func printable(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}
