package cost

import "math"

// Line is the monthly cost of one AWS service.
type Line struct {
	Service string `json:"service"`
	// Quantity is in Unit, such as "requests".
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	Dollars  float64 `json:"dollars"`
}

// Bill is the monthly cost of a design.
type Bill struct {
	Design string `json:"design"`
	Lines  []Line `json:"lines"`
}

// Total returns the sum of the lines in dollars.
func (b Bill) Total() float64 {
	total := 0.0
	for _, line := range b.Lines {
		total += line.Dollars
	}
	return total
}

// Bills returns the bill of each design for a load: this service, this service in an idle month that follows, and the alternatives.
func Bills(load Load) []Bill {
	return []Bill{restAPI(load), idle(load), httpAPI(load), functionURL(load), alwaysOn(load)}
}

// restAPI returns the bill of the template's design.
func restAPI(l Load) Bill {
	return Bill{"pats", gatewayAnd(l, restRequest)}
}

// idle returns the bill of the following month without requests: storage, and the logs kept for LogRetentionDays.
func idle(l Load) Bill {
	return Bill{"pats, idle", append(l.stored(), l.keptLog(l.uses(l.uncached())))}
}

// httpAPI returns the bill of an HTTP API in front of the same functions. It has no validation expression, so junk runs the authorizer.
func httpAPI(l Load) Bill {
	return Bill{"HTTP API", gatewayAnd(l, httpRequest)}
}

// gatewayAnd returns the lines of a gateway that caches authorizer responses, and of everything behind it.
func gatewayAnd(l Load, tiers []tier) []Line {
	u := l.uses(l.uncached())
	return append([]Line{line("API Gateway", u.requests, "requests", tiers)}, l.behind(u, l.seen(l.checks()))...)
}

// functionURL returns the bill of one function that checks the token and acts in one read, without API Gateway: no throttle, no cache,
// and no refusal before the function runs. It writes the access log itself.
func functionURL(l Load) Bill {
	return Bill{"Function URL", l.behind(l.uses(0), l.seen(l.Requests))}
}

// behind returns the lines common to every design on Lambda and DynamoDB.
func (l Load) behind(u uses, seen float64) []Line {
	lines := append(u.lines(), line("DynamoDB, recorded uses", seen*recordedUse, "units", writeUnit))
	lines = append(lines, l.stored()...)
	return append(lines, line("KMS, requests for the table's key", l.keyRequests(), "requests", keyRequest), l.keptLog(u))
}

// lines returns the lines of the functions and the table, without a gateway.
func (u uses) lines() []Line {
	return []Line{
		line("Lambda, invocations", u.invocations, "invocations", invocation),
		line("Lambda, time", u.gbSeconds, "GB-seconds", armSecond),
		line("DynamoDB, reads", u.reads, "units", readUnit),
		line("DynamoDB, writes", u.writes, "units", writeUnit),
		line("CloudWatch, log ingestion", u.logged, "bytes", loggedByte),
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
	return line("CloudWatch, log storage", u.logged, "bytes", keptLogByte)
}

// zones is the number of availability zones of the load balancer, each with a public address.
const zones = 2

// alwaysOn returns the bill of Unleash in as many containers as peak load needs, with a small database, behind a load balancer. Its
// responses and logs are assumed to be as long as those of this service.
func alwaysOn(l Load) Bill {
	u := l.uses(0)
	containers := max(1, math.Ceil(l.Requests/month*peak/containerRate))
	return Bill{"Unleash, always on", []Line{
		hours("Fargate, half a vCPU and 1 GB", containers, container),
		hours("RDS, db.t4g.micro", 1, database),
		hours("Load balancer", 1, balancer),
		line("Load balancer, bytes", u.sent+l.Requests*requestBytes, "bytes", balancedByte),
		hours("Public IPv4 addresses", zones+containers, publicAddress),
		line("CloudWatch, log ingestion", u.logged, "bytes", loggedByte),
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
