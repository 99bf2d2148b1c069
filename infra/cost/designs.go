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

// Bills are those of all designs for a load: this service first, and then what could stand in its place.
func Bills(load Load) []Bill {
	return []Bill{restAPI(load), httpAPI(load), functionURL(load), alwaysOn(load)}
}

// restAPI is the template's design.
func restAPI(l Load) Bill {
	return Bill{"pats", append([]Line{line("API Gateway, REST API", l.Requests, "requests", restRequest)}, behindGateway(l)...)}
}

// httpAPI is an HTTP API before the same functions. It refuses nothing by an expression, so junk runs the authorizer.
func httpAPI(l Load) Bill {
	return Bill{"HTTP API", append([]Line{line("API Gateway, HTTP API", l.Requests, "requests", httpRequest)}, behindGateway(l)...)}
}

// behindGateway is what the functions and the table cost.
func behindGateway(l Load) []Line {
	checks := l.checks()
	return shared(l, l.Requests+checks, l.Requests+checks, l.seen(checks))
}

// functionURL is one function that checks the token and acts in one read, without API Gateway: no throttle, no cache, no refusal
// ahead of the function.
func functionURL(l Load) Bill {
	return Bill{"Function URL", shared(l, l.Requests, l.Requests, l.seen(l.Requests))}
}

// shared are the lines that every design on Lambda and DynamoDB has.
func shared(l Load, invocations, reads, seen float64) []Line {
	return []Line{
		line("Lambda, invocations", invocations, "invocations", invocation),
		line("Lambda, time", invocations*duration*memory, "GB-seconds", armSecond),
		line("DynamoDB, reads", reads*listUnits, "units", readUnit),
		line("DynamoDB, changes of tokens", l.Requests*l.Writes*changeUnits, "units", writeUnit),
		line("DynamoDB, recorded uses", seen*seenUnits, "units", writeUnit),
		line("DynamoDB, storage", l.storedBytes(), "bytes", storedByte),
		line("CloudWatch Logs", l.Requests*logBytes, "bytes", loggedByte),
		line("Data transfer", l.Requests*answerBytes, "bytes", sentByte),
	}
}

// containerRate is how many requests a second one container is trusted with, and peak how much more than the average there are at
// the busiest time.
const (
	containerRate = 100
	peak          = 4
)

// alwaysOn is an Unleash in as many containers as the busiest time needs, with a small database behind a load balancer.
func alwaysOn(l Load) Bill {
	containers := max(1, math.Ceil(l.Requests/month*peak/containerRate))
	return Bill{"Unleash, always on", []Line{
		hours("Fargate, 0.5 vCPU and 1 GB", containers, container),
		hours("RDS, db.t4g.micro", 1, database),
		hours("Load balancer", 1, balancer),
		line("CloudWatch Logs", l.Requests*logBytes, "bytes", loggedByte),
		line("Data transfer", l.Requests*answerBytes, "bytes", sentByte),
	}}
}

func line(service string, units float64, unit string, tiers []tier) Line {
	return Line{service, units, unit, price(units, tiers)}
}

func hours(service string, machines, hourly float64) Line {
	return Line{service, machines * monthHours, "hours", machines * monthHours * hourly}
}
