// Package cost estimates what requests, and months of them, cost on AWS, service by service, from what each request uses and from list
// prices. It makes no network calls.
package cost

import "math"

// Prices are list prices of us-east-1 in dollars, without free tiers and taxes, looked up in November 2026 in public copies of AWS's
// pricing pages, which docs/cost.md lists. AWS's GB is 2³⁰ bytes.
const (
	Region = "us-east-1"
	Dated  = "2026-11"
)

// tier is the price of the next units.
type tier struct{ units, price float64 }

const (
	million  = 1e6
	gigabyte = 1 << 30
	terabyte = 1 << 40
	// monthHours is AWS's length of a month.
	monthHours = 730
	month      = monthHours * 3600
)

var endless = math.Inf(1)

// Prices per unit.
var (
	restRequest = []tier{{333e6, 3.50 / million}, {667e6, 2.80 / million}, {19e9, 2.38 / million}, {endless, 1.51 / million}}
	httpRequest = []tier{{300e6, 1.00 / million}, {endless, 0.90 / million}}
	invocation  = []tier{{endless, 0.20 / million}}
	// armSecond is the price of a GB-second on arm64.
	armSecond = []tier{{7.5e9, 0.0000133334}, {11.25e9, 0.0000120001}, {endless, 0.0000106667}}
	readUnit  = []tier{{endless, 0.125 / million}}
	writeUnit = []tier{{endless, 0.625 / million}}
	// storedByte and recoverableByte are prices per month; the second is for point-in-time recovery, in addition.
	storedByte      = []tier{{endless, 0.25 / gigabyte}}
	recoverableByte = []tier{{endless, 0.20 / gigabyte}}
	// loggedByte is the price of ingestion. Above 10 TB per month, Lambda's own logs cost less.
	loggedByte = []tier{{endless, 0.50 / gigabyte}}
	// keptLogByte is the price of storage per month. AWS bills the compressed size; applied to the ingested size, it is an upper bound.
	keptLogByte = []tier{{endless, 0.03 / gigabyte}}
	keyRequest  = []tier{{endless, 0.03 / 10_000}}
	sentByte    = []tier{{10 * terabyte, 0.09 / gigabyte}, {40 * terabyte, 0.085 / gigabyte}, {100 * terabyte, 0.07 / gigabyte}, {endless, 0.05 / gigabyte}}
)

// Prices per hour, and per byte of a load balancer.
var (
	// container is a Fargate task with half a vCPU and 1 GB on x86.
	container = []tier{{endless, 0.5*0.04048 + 0.004445}}
	// database is a single-zone RDS db.t4g.micro with 20 GB of gp3.
	database = []tier{{endless, 0.016 + 20*0.115/monthHours}}
	balancer = []tier{{endless, 0.0225}}
	// balancedByte follows from an Application Load Balancer's capacity unit of one GB per hour.
	balancedByte  = []tier{{endless, 0.008 / gigabyte}}
	publicAddress = []tier{{endless, 0.005}}
)

// price returns the price of units.
func price(units float64, tiers []tier) float64 {
	total := 0.0
	for _, t := range tiers {
		some := min(units, t.units)
		if some <= 0 {
			break
		}
		total += some * t.price
		units -= some
	}
	return total
}
