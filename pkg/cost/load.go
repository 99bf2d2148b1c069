package cost

import (
	"math"
	"time"
)

// Load is what is asked of a service in a month.
type Load struct {
	// Requests is how many requests there are.
	Requests float64
	// Tokens is how many tokens make them, all of them alike and each at random moments.
	Tokens float64
	// Writes is the share of requests that create or delete a token, as many of each. The others list.
	Writes float64
	// TTL is how long API Gateway keeps an authorizer's answer.
	TTL time.Duration
	// SeenInterval is how much time lies at least between two recorded uses of one token: pat.SeenInterval.
	SeenInterval time.Duration
}

// uses is what a month takes, where share of the requests find no answer of the authorizer cached.
func (l Load) uses(share float64) uses {
	changes := l.Requests * l.Writes / 2
	return list.uses(share).times(l.Requests - 2*changes).
		plus(create.uses(share).times(changes)).
		plus(revoke.uses(share).times(changes))
}

// checks is how many of the requests find no answer of the authorizer in API Gateway's cache. After one that does not, all are
// answered from there until TTL is over.
func (l Load) checks() float64 {
	return l.Requests / (1 + l.rate(l.Requests)*l.TTL.Seconds())
}

// uncached is the share of them.
func (l Load) uncached() float64 {
	if l.Requests == 0 {
		return 0
	}
	return l.checks() / l.Requests
}

// seen is how many of so many looks at tokens are recorded as uses: one, and then none until SeenInterval is over.
func (l Load) seen(looks float64) float64 {
	return looks / (1 + l.rate(looks)*l.SeenInterval.Seconds())
}

// rate is how many of a month's so many events each token has in a second.
func (l Load) rate(events float64) float64 {
	if l.Tokens <= 0 {
		return 0
	}
	return events / l.Tokens / month
}

func (l Load) storedBytes() float64 { return l.Tokens / tokensAUser * accountBytes }

const (
	// keyCallers are the roles that read the table for this load, the authorizer's and that of the token routes.
	keyCallers = 2
	// keyWindows is how often in a month a caller that never rests makes DynamoDB ask KMS for the table's key, since the template
	// says SSEEnabled: DynamoDB keeps it for five minutes for each caller.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
	keyWindows = month / 300
)

// keyRequests is how often DynamoDB asks KMS for the table's key.
func (l Load) keyRequests() float64 {
	return keyCallers * keyWindows * hit(l.Requests, keyWindows)
}

// hit is the share of so many spans of time in which at least one of the events happens, which happen at random moments.
func hit(events, spans float64) float64 { return 1 - math.Exp(-events/spans) }
