// Package cost estimates what a month of requests costs on AWS, service by service: from what each request takes, and from list
// prices. Nothing in it asks AWS.
package cost

import "math"

// The prices are the list prices of us-east-1 in dollars, without free tiers and without taxes, as public copies
// of AWS's pricing pages had them in November 2026: API Gateway, Lambda, DynamoDB (on-demand), CloudWatch, EC2 data transfer, Fargate, RDS, Elastic Load Balancing.
const (
	Region = "us-east-1"
	Dated  = "2026-11"
)

// tier is a price that holds for so many units, before the next one begins.
type tier struct{ units, price float64 }

const (
	million  = 1e6
	gigabyte = 1e9
	// monthHours is how AWS counts a month.
	monthHours = 730
	month      = monthHours * 3600
)

var endless = math.Inf(1)

// Prices for one unit.
var (
	restRequest = []tier{{333e6, 3.50 / million}, {667e6, 2.80 / million}, {19e9, 2.38 / million}, {endless, 1.51 / million}}
	httpRequest = []tier{{300e6, 1.00 / million}, {endless, 0.90 / million}}
	invocation  = []tier{{endless, 0.20 / million}}
	// armSecond is for a second of a GB of a function on arm64.
	armSecond  = []tier{{7.5e9, 0.0000133334}, {11.25e9, 0.0000120001}, {endless, 0.0000106667}}
	readUnit   = []tier{{endless, 0.125 / million}}
	writeUnit  = []tier{{endless, 0.625 / million}}
	storedByte = []tier{{endless, (0.25 + 0.20) / gigabyte}} // with point-in-time recovery
	loggedByte = []tier{{endless, (0.50 + 0.03) / gigabyte}} // taken in, and kept for a month
	sentByte   = []tier{{10e3 * gigabyte, 0.09 / gigabyte}, {40e3 * gigabyte, 0.085 / gigabyte}, {100e3 * gigabyte, 0.07 / gigabyte}, {endless, 0.05 / gigabyte}}
)

// Prices for an hour.
const (
	// container is a Fargate task of half a vCPU and 1 GB, x86.
	container = 0.5*0.04048 + 0.004445
	// database is an RDS db.t4g.micro of one zone with 20 GB of gp3.
	database = 0.016 + 20*0.115/monthHours
	// balancer is an Application Load Balancer with one capacity unit.
	balancer = 0.0225 + 0.008
)

// price is that of so many units.
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
