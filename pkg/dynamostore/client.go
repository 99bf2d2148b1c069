package dynamostore

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	smithytime "github.com/aws/smithy-go/time"
)

// Settings locate DynamoDB and authenticate the caller. In a Lambda, AWS's standard environment variables have all of them.
type Settings struct {
	// Region is an AWS region such as eu-central-1 (AWS_REGION).
	Region string
	// Endpoint is the base URL, or empty for that of the region (AWS_ENDPOINT_URL_DYNAMODB).
	Endpoint string
	// AccessKeyID, SecretAccessKey and SessionToken are the caller's credentials (AWS_ACCESS_KEY_ID and so on). They do not
	// change while a Lambda's process runs. SessionToken is empty for a user's long-term keys.
	AccessKeyID, SecretAccessKey, SessionToken string
}

// A request has ten seconds, the time that API Gateway waits for an authorizer. A connection can die silently while a Lambda is
// frozen, and DynamoDB responds in milliseconds, so an attempt without a response after two seconds will get none. Three attempts and
// the pauses between them take at most 6.4 seconds, which leaves time to record a use and to respond.
const (
	attempts       = 3
	attemptTimeout = 2 * time.Second
	dialTimeout    = time.Second
)

// NewClient returns a client for Lambda. It reads no files and calls no metadata service, which would delay the first response.
func NewClient(settings Settings) *dynamodb.Client {
	options := dynamodb.Options{
		Region:      settings.Region,
		Credentials: credentials.NewStaticCredentialsProvider(settings.AccessKeyID, settings.SecretAccessKey, settings.SessionToken),
		HTTPClient:  newHTTPClient(),
		Retryer:     newRetryer(),
	}
	if settings.Endpoint != "" {
		options.BaseEndpoint = &settings.Endpoint
	}
	return dynamodb.New(options, CheckResponses)
}

func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		// A timeout closes an HTTP/1.1 connection, while HTTP/2 would send the next attempt over the same dead one.
		WithTransportOptions(func(t *http.Transport) { t.ForceAttemptHTTP2 = false })
}

func newRetryer() *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		// The SDK's pauses begin at half a second on average.
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return jitter(attempt), nil })
	})
}

const (
	firstPause = 10 * time.Millisecond
	maxPause   = 200 * time.Millisecond
)

// jitter returns a pause before the next try, uniform below a bound that doubles.
func jitter(try int) time.Duration {
	return rand.N(min(firstPause<<min(try, 10), maxPause)) //nolint:gosec // not a secret: it keeps competing writers apart
}

// waiter returns when it is time for the next try, or earlier with the context's error.
type waiter func(ctx context.Context, try int) error

func pause(ctx context.Context, try int) error { return smithytime.SleepWithContext(ctx, jitter(try)) }
