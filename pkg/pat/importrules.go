package pat

import (
	"cmp"
	"fmt"
	"time"
)

// clockSkew is how far ahead of this machine's clock the times of an import can be.
const clockSkew = 24 * time.Hour

// checkUser checks the ID and the profile of user. Errors: KindInvalid.
func checkUser(user Account) error {
	if user.ID < 1 || user.ID >= MaxID {
		return invalid("The id is out of range.")
	}
	_, err := user.revise(Profile{})
	return err
}

// refuseTokens returns the index of each token that breaks a rule, with the reason.
func (s *Service) refuseTokens(tokens []Token, now time.Time) map[int]string {
	refused := map[int]string{}
	seen := map[TokenID]bool{}
	for n, token := range tokens {
		if refusal := refusalOf(s.checkToken(token, now)); refusal != "" {
			refused[n] = refusal
		} else if seen[token.ID] {
			refused[n] = refusalTwice
		}
		seen[token.ID] = true
	}
	return refused
}

// checkToken checks a token of an import. Errors: KindInvalid.
func (s *Service) checkToken(token Token, now time.Time) error {
	if _, err := ParseSelector(string(token.Selector)); err != nil {
		return invalid("The selector does not have the form of a selector.")
	}
	if _, err := ParseVerifier(string(token.Verifier)); err != nil {
		return invalid("The verifier does not have the form of a verifier.")
	}
	if token.ID < 1 || token.ID >= MaxID {
		return invalid("The id is out of range.")
	}
	if !token.Scopes.Unscoped() {
		return invalid("Only unscoped tokens can be imported.")
	}
	return cmp.Or(checkDescription(token.Description), s.checkTimes(token, now))
}

// checkTimes checks the times of a token of an import. Errors: KindInvalid.
func (s *Service) checkTimes(token Token, now time.Time) error {
	err := cmp.Or(checkPast("date of creation", token.CreatedAt, now), checkDate("expiry date", token.ExpiresAt))
	if err == nil && !token.SeenAt.IsZero() {
		err = checkPast("date of the last use", token.SeenAt, now)
	}
	switch {
	case err != nil:
		return err
	case token.ExpiresAt.Before(token.CreatedAt):
		return invalid("The expiry date is before the date of creation.")
	case s.settings.expired(token, now.Add(-s.settings.Retention)):
		return invalid("The token expired longer ago than expired tokens are kept.")
	}
	return nil
}

// checkPast checks a date that cannot be in the future. Errors: KindInvalid.
func checkPast(what string, date, now time.Time) error {
	if err := checkDate(what, date); err != nil {
		return err
	}
	if date.After(now.Add(clockSkew)) {
		return invalid(fmt.Sprintf("The %s is in the future.", what))
	}
	return nil
}

// checkDate checks that there is a date that RFC 3339 can express. Errors: KindInvalid.
func checkDate(what string, date time.Time) error {
	if date.IsZero() {
		return invalid(fmt.Sprintf("The %s is missing.", what))
	}
	if date.Year() < 1 || date.Year() > maxYear {
		return invalid(fmt.Sprintf("The %s is not between the years 1 and %d.", what, maxYear))
	}
	return nil
}
