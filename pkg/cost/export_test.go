package cost

import "fmt"

// Counted is what an operation uses, as a test counts it.
type Counted struct {
	CheckRuns, CheckReads, CheckLogged        float64
	Runs, Reads, Writes, ActLogged, Responses float64
}

// Assumed returns what the package assumes of each operation, by name.
func Assumed() map[string]Counted {
	assumed := map[string]Counted{}
	for _, o := range operations {
		assumed[o.name] = Counted{o.check.runs, o.check.reads, o.check.logged, o.act.runs, o.act.reads, o.act.writes, o.act.logged, o.response}
	}
	return assumed
}

// Further assumptions.
const (
	AccessLine   = accessLine - lineBytes
	AccountBytes = accountBytes
	RecordedUse  = recordedUse
	TokensAUser  = tokensAUser
)

// PriceRows returns the prices in words, with their sources. Of tiered prices, it has the first tier.
func PriceRows() [][]string {
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
	rows := [][]string{{"price", "dollars", "source"}}
	for _, p := range list {
		rows = append(rows, []string{p.of, fmt.Sprintf("%.4g for %s", p.tiers[0].price*p.per, p.unit), "<" + p.source + ">"})
	}
	return rows
}

// InputRows returns the assumptions in words, apart from prices and counted units.
func InputRows() [][]string {
	const assumed, bench = "assumed", "measured here on x86, [benchmarks](benchmarks.md), rounded up; not on AWS"
	return [][]string{
		{"input", "value", "from"},
		{"time of a warm invocation, authorizer", fmt.Sprintf("%v at 128 MB on arm64", authorizerTime), bench},
		{"time of a warm invocation, other functions", fmt.Sprintf("%v at 128 MB on arm64", handlerTime), bench},
		{"time of a page of 100 users' tokens", fmt.Sprintf("%v at 128 MB on arm64", tokenPageTime), "27 ms of CPU time measured on x86, rounded up; not on AWS"},
		{"time of an initialization", fmt.Sprintf("%v", initTime), bench},
		{"cold starts", fmt.Sprintf("%g in 100 invocations", coldShare*100), "AWS: usually fewer"},
		{"line of the access log", fmt.Sprintf("%d bytes", accessLine), "counted from the template's format"},
		{"an account in the table", fmt.Sprintf("%d bytes", accountBytes), fmt.Sprintf("counted: %d tokens with descriptions of 30 characters", tokensAUser)},
		{"headers that API Gateway adds to a response", fmt.Sprintf("%d bytes", gatewayHeaders), assumed},
		{"Unleash, one container", fmt.Sprintf("%d requests a second", containerRate), bench},
		{"Unleash, peak load", fmt.Sprintf("%d times the average", peak), assumed},
	}
}
