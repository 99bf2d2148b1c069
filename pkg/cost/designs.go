package cost

import "math"

// Line is what one service costs in a month.
type Line struct {
	Service string `json:"service"`
	// Quantity is in units such as "requests".
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	Dollars  float64 `json:"dollars"`
}

// Bill is what a design costs in a month.
type Bill struct {
	Design string `json:"design"`
	Lines  []Line `json:"lines"`
}

// Total is the sum of the lines, in dollars.
func (b Bill) Total() float64 {
	total := 0.0
	for _, line := range b.Lines {
		total += line.Dollars
	}
	return total
}

// Bills are those of all designs for a load: this service first, then this service in a month without a request after it, and
// then what could stand in its place.
func Bills(load Load) []Bill {
	return []Bill{restAPI(load), idle(load), httpAPI(load), functionURL(load), alwaysOn(load)}
}

// restAPI is the template's design.
func restAPI(l Load) Bill {
	return Bill{"pats", gatewayAnd(l, restRequest)}
}

// idle is the month after: what the table holds, and the log that is kept until LogRetentionDays are over.
func idle(l Load) Bill {
	return Bill{"pats, idle", append(l.stored(), l.keptLog(l.uses(l.uncached())))}
}

// httpAPI is an HTTP API before the same functions. It refuses nothing by an expression, so junk runs the authorizer.
func httpAPI(l Load) Bill {
	return Bill{"HTTP API", gatewayAnd(l, httpRequest)}
}

// gatewayAnd is a gateway that keeps the authorizer's answers, with what is behind it.
func gatewayAnd(l Load, tiers []tier) []Line {
	u := l.uses(l.uncached())
	return append([]Line{line("API Gateway", u.requests, "requests", tiers)}, l.behind(u, l.seen(l.checks()))...)
}

// functionURL is one function that checks the token and acts in one read, without API Gateway: no throttle, no cache, no refusal
// ahead of the function. It writes the line of the access log itself.
func functionURL(l Load) Bill {
	return Bill{"Function URL", l.behind(l.uses(0), l.seen(l.Requests))}
}

// behind are the lines that every design on Lambda and DynamoDB has.
func (l Load) behind(u uses, seen float64) []Line {
	lines := append(u.lines(), line("DynamoDB, recorded uses", seen*recordedUse, "units", writeUnit))
	lines = append(lines, l.stored()...)
	return append(lines, line("KMS, requests for the table's key", l.keyRequests(), "requests", keyRequest), l.keptLog(u))
}

// lines are those of a use of the functions and the table, without a gateway.
func (u uses) lines() []Line {
	return []Line{
		line("Lambda, invocations", u.invocations, "invocations", invocation),
		line("Lambda, time", u.gbSeconds, "GB-seconds", armSecond),
		line("DynamoDB, reads", u.reads, "units", readUnit),
		line("DynamoDB, writes", u.writes, "units", writeUnit),
		line("CloudWatch, logs taken in", u.logged, "bytes", loggedByte),
		line("Data transfer", u.sent, "bytes", sentByte),
	}
}

func (l Load) stored() []Line {
	return []Line{
		line("DynamoDB, storage", l.storedBytes(), "bytes", storedByte),
		line("DynamoDB, point-in-time recovery", l.storedBytes(), "bytes", recoverableByte),
	}
}

func (Load) keptLog(u uses) Line {
	return line("CloudWatch, logs kept", u.logged, "bytes", keptLogByte)
}

// zones is in how many zones a load balancer stands, with an address in each.
const zones = 2

// alwaysOn is an Unleash in as many containers as the busiest time needs, with a small database behind a load balancer. Its
// answers and its log are taken to be as long as here.
func alwaysOn(l Load) Bill {
	u := l.uses(0)
	containers := max(1, math.Ceil(l.Requests/month*peak/containerRate))
	return Bill{"Unleash, always on", []Line{
		hours("Fargate, half a vCPU and 1 GB", containers, container),
		hours("RDS, db.t4g.micro", 1, database),
		hours("Load balancer", 1, balancer),
		line("Load balancer, bytes", u.sent+l.Requests*requestBytes, "bytes", balancedByte),
		hours("Public IPv4 addresses", zones+containers, publicAddress),
		line("CloudWatch, logs taken in", u.logged, "bytes", loggedByte),
		l.keptLog(u),
		line("Data transfer", u.sent, "bytes", sentByte),
	}}
}

func line(service string, units float64, unit string, tiers []tier) Line {
	return Line{service, units, unit, price(units, tiers)}
}

func hours(service string, machines float64, hourly []tier) Line {
	return line(service, machines*monthHours, "hours", hourly)
}
