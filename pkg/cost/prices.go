// Package cost reckons what requests and months of them cost on AWS, service by service: from what each request takes, and from
// list prices. Nothing in it asks AWS.
package cost

import (
	"fmt"
	"math"
)

// The prices are the list prices of us-east-1 in dollars, without free tiers and without taxes. They were looked up in November
// 2026 in public copies and quotations of AWS's pricing pages, whose addresses stand in Prices. AWS's own GB is 2³⁰ bytes.
const (
	Region = "us-east-1"
	Dated  = "2026-11"
)

// tier is a price that holds for so many units, before the next one begins.
type tier struct{ units, price float64 }

const (
	million  = 1e6
	gigabyte = 1 << 30
	terabyte = 1 << 40
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
	armSecond = []tier{{7.5e9, 0.0000133334}, {11.25e9, 0.0000120001}, {endless, 0.0000106667}}
	readUnit  = []tier{{endless, 0.125 / million}}
	writeUnit = []tier{{endless, 0.625 / million}}
	// storedByte and recoverableByte are for a month, the second for point-in-time recovery on top.
	storedByte      = []tier{{endless, 0.25 / gigabyte}}
	recoverableByte = []tier{{endless, 0.20 / gigabyte}}
	// loggedByte is for taking a log in. Above 10 TB a month, Lambda's own logs cost less.
	loggedByte = []tier{{endless, 0.50 / gigabyte}}
	// keptLogByte is for keeping it for a month. AWS bills the compressed size; here it is the size taken in, so this is too much.
	keptLogByte = []tier{{endless, 0.03 / gigabyte}}
	keyRequest  = []tier{{endless, 0.03 / 10_000}}
	sentByte    = []tier{{10 * terabyte, 0.09 / gigabyte}, {40 * terabyte, 0.085 / gigabyte}, {100 * terabyte, 0.07 / gigabyte}, {endless, 0.05 / gigabyte}}
)

// Prices for an hour, and for what a load balancer carries.
var (
	// container is a Fargate task of half a vCPU and 1 GB, x86.
	container = []tier{{endless, 0.5*0.04048 + 0.004445}}
	// database is an RDS db.t4g.micro of one zone with 20 GB of gp3.
	database = []tier{{endless, 0.016 + 20*0.115/monthHours}}
	balancer = []tier{{endless, 0.0225}}
	// balancedByte: one capacity unit of an Application Load Balancer is a GB in an hour.
	balancedByte  = []tier{{endless, 0.008 / gigabyte}}
	publicAddress = []tier{{endless, 0.005}}
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

// Price is a list price as people write it, and where AWS has it.
type Price struct{ Of, Dollars, Source string }

// Prices are those that the designs are reckoned with; of prices in tiers, the first.
func Prices() []Price {
	list := []struct {
		of     string
		tiers  []tier
		per    float64
		unit   string
		source string
	}{
		{"API Gateway, REST API", restRequest, million, "a million requests", "https://aws.amazon.com/api-gateway/pricing/"},
		{"API Gateway, HTTP API", httpRequest, million, "a million requests", "https://aws.amazon.com/api-gateway/pricing/"},
		{"Lambda, invocations", invocation, million, "a million", "https://aws.amazon.com/lambda/pricing/"},
		{"Lambda, time on arm64", armSecond, million, "a million GB-seconds", "https://aws.amazon.com/lambda/pricing/"},
		{"DynamoDB, reads on demand", readUnit, million, "a million units", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"DynamoDB, writes on demand", writeUnit, million, "a million units", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"DynamoDB, storage", storedByte, gigabyte, "a GB for a month", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"DynamoDB, point-in-time recovery", recoverableByte, gigabyte, "a GB for a month", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"KMS, requests", keyRequest, 10_000, "10,000", "https://aws.amazon.com/kms/pricing/"},
		{"CloudWatch, logs taken in", loggedByte, gigabyte, "a GB", "https://aws.amazon.com/cloudwatch/pricing/"},
		{"CloudWatch, logs kept", keptLogByte, gigabyte, "a GB for a month", "https://aws.amazon.com/cloudwatch/pricing/"},
		{"Data transfer", sentByte, gigabyte, "a GB", "https://aws.amazon.com/ec2/pricing/on-demand/"},
		{"Fargate, half a vCPU and 1 GB", container, 1, "an hour", "https://aws.amazon.com/fargate/pricing/"},
		{"RDS, db.t4g.micro with 20 GB", database, 1, "an hour", "https://aws.amazon.com/rds/postgresql/pricing/"},
		{"Load balancer", balancer, 1, "an hour", "https://aws.amazon.com/elasticloadbalancing/pricing/"},
		{"Load balancer, bytes", balancedByte, gigabyte, "a GB", "https://aws.amazon.com/elasticloadbalancing/pricing/"},
		{"Public IPv4 address", publicAddress, 1, "an hour", "https://aws.amazon.com/vpc/pricing/"},
	}
	prices := make([]Price, len(list))
	for i, p := range list {
		prices[i] = Price{p.of, fmt.Sprintf("%.4g for %s", p.tiers[0].price*p.per, p.unit), p.source}
	}
	return prices
}
