package cost

import (
	"time"

	"pats/pkg/pat"
)

// Load is what is asked of a service in a month.
type Load struct {
	// Requests is how many requests there are.
	Requests float64
	// Tokens is how many tokens make them, all of them alike and each at random moments.
	Tokens float64
	// Writes is the share of requests that create or delete a token. The others list.
	Writes float64
	// TTL is how long API Gateway keeps an authorizer's answer.
	TTL time.Duration
}

// What one request takes.
const (
	// memory is the functions' in GB, and duration what an invocation is billed for: one call of DynamoDB and the work around it.
	memory   = 128.0 / 1024
	duration = 0.010
	// listUnits is a strongly consistent Query of an account with ten tokens and descriptions of 130 characters; changeUnits is a
	// write of an account with up to ten of them, on average.
	listUnits   = 1
	changeUnits = 2
	seenUnits   = 1
	// accountBytes is what a user with ten tokens takes in the table.
	accountBytes = 4096
	// logBytes is a line of the access log, and answerBytes a list of ten tokens with its headers.
	logBytes    = 500
	answerBytes = 2500
	// tokensAUser is how many tokens share an account.
	tokensAUser = 5
)

// checks is how many of the requests find no answer of the authorizer in API Gateway's cache. After one that does not, all are
// answered from there until TTL is over.
func (l Load) checks() float64 {
	return l.Requests / (1 + l.rate(l.Requests)*l.TTL.Seconds())
}

// seen is how many of so many looks at tokens are recorded as uses: one, and then none until pat.SeenInterval is over.
func (l Load) seen(looks float64) float64 {
	return looks / (1 + l.rate(looks)*pat.SeenInterval.Seconds())
}

// rate is how many of a month's so many events each token has in a second.
func (l Load) rate(events float64) float64 {
	if l.Tokens <= 0 {
		return 0
	}
	return events / l.Tokens / month
}

func (l Load) storedBytes() float64 { return l.Tokens / tokensAUser * accountBytes }
