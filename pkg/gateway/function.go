package gateway

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// AuthorizerFunction is a Lambda function behind a TOKEN authorizer.
type AuthorizerFunction = func(context.Context, events.APIGatewayCustomAuthorizerRequest) (events.APIGatewayCustomAuthorizerResponse, error)

// ProxyFunction is a Lambda function behind routes with proxy integration.
type ProxyFunction = func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)

// invoker invokes a Lambda function of the template.
type invoker[Event, Response any] struct {
	arn    string
	handle func(context.Context, Event) (Response, error)
	// timeout is the function's own, which Lambda enforces.
	timeout time.Duration
}

func newInvoker[Event, Response any](a *api, id string, functions map[string]func(context.Context, Event) (Response, error)) invoker[Event, Response] {
	return invoker[Event, Response]{arn: functionARN + id, handle: functions[id], timeout: a.functions[id].timeout}
}

var (
	errGatewayTimeout  = errors.New("API Gateway's time-out expired")
	errFunctionTimeout = errors.New("the function's time-out expired")
)

type result[Response any] struct {
	response Response
	err      error
}

// invoke returns the function's response. It returns when limit or the function's own time-out expires, even if the function
// goes on. Errors: those of the function; an error with the stack if it panics; errGatewayTimeout; errFunctionTimeout; and
// context.Canceled if the client disconnected.
func (i invoker[Event, Response]) invoke(ctx context.Context, requestID string, limit time.Duration, event Event) (Response, error) {
	ctx, cancel := i.withTimeout(ctx, limit)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: requestID, InvokedFunctionArn: i.arn})
	done := make(chan result[Response], 1)
	go func() {
		growStack()
		done <- i.run(ctx, event)
	}()
	var got result[Response]
	select {
	case got = <-done:
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); cause != nil {
		var none Response
		return none, cause // a function that watches its context may have returned at the same moment
	}
	return got.response, got.err
}

// withTimeout ends ctx at limit or at the function's own time-out, whichever comes first.
func (i invoker[Event, Response]) withTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if i.timeout < limit {
		return context.WithTimeoutCause(ctx, i.timeout, errFunctionTimeout)
	}
	return context.WithTimeoutCause(ctx, limit, errGatewayTimeout)
}

func (i invoker[Event, Response]) run(ctx context.Context, event Event) (got result[Response]) {
	defer func() {
		if fault := recover(); fault != nil {
			got.err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	got.response, got.err = i.handle(ctx, event)
	return got
}

// stackBytes is the stack that a function of this service needs for reading an account.
const stackBytes = 12 << 10

// growStack grows a new goroutine's stack at once to what a function needs. Grown step by step, deep inside a function, each step
// would copy all frames.
//
//go:noinline
func growStack() {
	var frame [stackBytes]byte
	use(&frame)
}

//go:noinline
func use(*[stackBytes]byte) {}
