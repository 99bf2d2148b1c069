package leaks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"pats/pkg/pat"
)

// report is one element of a report's body: a text that a partner found and took for a token. Each partner uses other members.
type report struct {
	// Token is required.
	Token string `json:"token"`
	// Type is the partner's name of the rule that found the token.
	Type string `json:"type"`
	// URL is where GitHub found the token, and Location where GitLab did.
	URL      string `json:"url"`
	Location string `json:"location"`
}

// parseReports reads a report's body. Errors: a 400, without quoting the body.
func parseReports(body []byte) ([]report, error) {
	var reports []report
	if err := json.Unmarshal(body, &reports); err != nil {
		if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mistyped.Field != "" {
			return nil, badData("The members token, type, url and location must be strings.")
		}
		return nil, badData("The request body must be a JSON array of objects.")
	}
	if reports == nil {
		return nil, badData("The request body must be a JSON array of objects.")
	}
	for i, r := range reports {
		if r.Token == "" {
			return nil, badData(fmt.Sprintf("Element %d has no token.", i))
		}
	}
	return reports, nil
}

// secret returns the reported token, or false if the text does not have the form of one.
func (r report) secret() (pat.Secret, bool) {
	secret, err := pat.ParseForeignSecret(strings.TrimSpace(r.Token))
	return secret, err == nil
}

// place returns where the token leaked, fit for the log, or "" if the partner does not say.
func (r report) place() string { return safeURL(cmp.Or(r.URL, r.Location)) }
