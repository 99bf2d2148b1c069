// Package cost estimates what requests, and months of them, cost on AWS, service by service, from what each request uses and from list
// prices. It makes no network calls.
package cost

import (
	"fmt"
	"math"
)

// Prices are list prices of us-east-1 in dollars, without free tiers and taxes, looked up in November 2026 in public copies of AWS's
// pricing pages, whose addresses are in Prices. AWS's GB is 2³⁰ bytes.
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

// Price is a list price in words, with its source.
type Price struct{ Of, Dollars, Source string }

// Prices returns the prices behind the bills. Of tiered prices, it returns the first tier.
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
		{"DynamoDB, storage", storedByte, gigabyte, "a GB per month", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"DynamoDB, point-in-time recovery", recoverableByte, gigabyte, "a GB per month", "https://aws.amazon.com/dynamodb/pricing/on-demand/"},
		{"KMS, requests", keyRequest, 10_000, "10,000", "https://aws.amazon.com/kms/pricing/"},
		{"CloudWatch, log ingestion", loggedByte, gigabyte, "a GB", "https://aws.amazon.com/cloudwatch/pricing/"},
		{"CloudWatch, log storage", keptLogByte, gigabyte, "a GB per month", "https://aws.amazon.com/cloudwatch/pricing/"},
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
