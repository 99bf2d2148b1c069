package dynamostore

import (
	"errors"
	"strconv"
	"strings"

	"pats/pkg/pat"
)

var errReplaced = errors.New("the replaced secret does not have the form of one")

// replacedText returns r's selector, verifier, times in milliseconds (issued, expiry, end of the overlap), and 1 if it is keyed, else 0,
// with a space between two, since a map takes more space. It returns "" for the zero Replaced.
func replacedText(r pat.Replaced) string {
	if r == (pat.Replaced{}) {
		return ""
	}
	keyed := "0"
	if r.Keyed {
		keyed = "1"
	}
	parts := []string{string(r.Selector), string(r.Verifier)}
	for _, at := range []int64{r.IssuedAt.UnixMilli(), r.ExpiresAt.UnixMilli(), r.Until.UnixMilli()} {
		parts = append(parts, strconv.FormatInt(at, 10))
	}
	return strings.Join(append(parts, keyed), " ")
}

// parseReplaced returns the Replaced whose replacedText is text. Errors: errReplaced.
func parseReplaced(text string) (pat.Replaced, error) {
	parts := strings.Split(text, " ")
	switch {
	case text == "":
		return pat.Replaced{}, nil
	case len(parts) != 6:
		return pat.Replaced{}, errReplaced
	}
	var times [3]int64
	for i := range times {
		var err error
		if times[i], err = strconv.ParseInt(parts[2+i], 10, 64); err != nil {
			return pat.Replaced{}, errReplaced
		}
	}
	_, selectorErr := pat.ParseSelector(parts[0])
	_, verifierErr := pat.ParseVerifier(parts[1])
	r := pat.Replaced{
		Selector: pat.Selector(parts[0]), Verifier: pat.Verifier(parts[1]),
		IssuedAt: moment(times[0]), ExpiresAt: moment(times[1]), Until: moment(times[2]), Keyed: parts[5] == "1",
	}
	if errors.Join(selectorErr, verifierErr) != nil || replacedText(r) != text {
		return pat.Replaced{}, errReplaced
	}
	return r, nil
}
