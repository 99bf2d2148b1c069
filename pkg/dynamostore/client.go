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

// Settings say where DynamoDB is and who calls it. In a Lambda all of them are in AWS's standard environment variables.
type Settings struct {
	// Region is an AWS region such as eu-central-1 (AWS_REGION).
	Region string
	// Endpoint is a base URL instead of the region's own, or empty (AWS_ENDPOINT_URL_DYNAMODB).
	Endpoint string
	// AccessKeyID, SecretAccessKey and SessionToken are the caller's credentials (AWS_ACCESS_KEY_ID and so on). They do not
	// change while a Lambda's process lives. SessionToken is empty for a user's own keys.
	AccessKeyID, SecretAccessKey, SessionToken string
}

// A request has ten seconds: no longer does API Gateway wait for an authorizer. A connection can die without a word while a
// Lambda is frozen, and DynamoDB answers in milliseconds, so an attempt that has no answer after two seconds will have none.
// Three attempts and the pauses between them take at most 6.4 seconds, which leaves time to record a use and to answer.
const (
	attempts       = 3
	attemptTimeout = 2 * time.Second
	dialTimeout    = time.Second
)

// NewClient makes a client for Lambda: it reads no files and asks no metadata service, which would delay the first answer.
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
	return dynamodb.New(options, CheckAnswers)
}

func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTimeout(attemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		// A time-out closes a connection of HTTP/1.1, while HTTP/2 would send the next attempt over the same dead one.
		WithTransportOptions(func(t *http.Transport) { t.ForceAttemptHTTP2 = false })
}

func newRetryer() *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		// The SDK's own pauses begin at half a second on average.
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return jitter(attempt), nil })
	})
}

const (
	firstPause = 10 * time.Millisecond
	maxPause   = 200 * time.Millisecond
)

// jitter is a pause before the next try, uniform below a bound that doubles.
func jitter(try int) time.Duration {
	return rand.N(min(firstPause<<min(try, 10), maxPause)) //nolint:gosec // no secret: it keeps rivals apart
}

// waiter returns when it is time for the next try, or with the context's error before.
type waiter func(ctx context.Context, try int) error

func pause(ctx context.Context, try int) error { return smithytime.SleepWithContext(ctx, jitter(try)) }
