package cost

import (
	"math"
	"time"
)

// Load is a month's load.
type Load struct {
	// Requests is the number of requests.
	Requests float64
	// Tokens is the number of tokens that make them, all equally often and at random moments.
	Tokens float64
	// Writes is the share of requests that create or delete a token, half each. The others list.
	Writes float64
	// TTL is how long API Gateway caches an authorizer response.
	TTL time.Duration
	// SeenInterval is the least time between two recorded uses of one token: pat.SeenInterval.
	SeenInterval time.Duration
}

// uses returns a month's use of the paid services if share of the requests find no cached authorizer response.
func (l Load) uses(share float64) uses {
	changes := l.Requests * l.Writes / 2
	return list.uses(share).times(l.Requests - 2*changes).
		plus(create.uses(share).times(changes)).
		plus(revoke.uses(share).times(changes))
}

// checks returns the number of requests that find no cached authorizer response. After each of them, all find one until TTL has
// passed.
func (l Load) checks() float64 {
	return l.Requests / (1 + l.rate(l.Requests)*l.TTL.Seconds())
}

// uncached returns checks as a share of all requests.
func (l Load) uncached() float64 {
	if l.Requests == 0 {
		return 0
	}
	return l.checks() / l.Requests
}

// seen returns how many of the given token checks are recorded as uses: one, and then none until SeenInterval has passed.
func (l Load) seen(checks float64) float64 {
	return checks / (1 + l.rate(checks)*l.SeenInterval.Seconds())
}

// rate returns a month's events per token and second.
func (l Load) rate(events float64) float64 {
	if l.Tokens <= 0 {
		return 0
	}
	return events / l.Tokens / month
}

func (l Load) storedBytes() float64 { return l.Tokens / tokensAUser * accountBytes }

const (
	// keyCallers counts the roles that read the table for this load: the authorizer's and that of the token routes.
	keyCallers = 2
	// keyWindows is how often per month a constantly active caller makes DynamoDB request the table's key from KMS, because the
	// template sets SSEEnabled: DynamoDB caches the key for five minutes per caller.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
	keyWindows = month / 300
)

// keyRequests returns how often DynamoDB requests the table's key from KMS.
func (l Load) keyRequests() float64 {
	return keyCallers * keyWindows * hit(l.Requests, keyWindows)
}

// hit returns the share of time spans in which at least one event happens, if events happen at random moments.
func hit(events, spans float64) float64 { return 1 - math.Exp(-events/spans) }
