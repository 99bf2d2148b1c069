package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// function is a Lambda function of the template.
type function struct {
	id      string
	handler lambda.Handler
	// timeout is Lambda's own limit for one invocation.
	timeout time.Duration
}

var (
	// errGatewayTimeout is API Gateway's patience at its end.
	errGatewayTimeout = errors.New("the gateway's time-out has passed")
	// errFunctionTimeout is Lambda stopping the function.
	errFunctionTimeout = errors.New("the function's time-out has passed")
)

type outcome struct {
	payload []byte
	err     error
}

// invoke calls the function with an event and returns within patience, even if the function does not. requestID is the
// invocation's. Errors: the function's own; one with the stack if it panics; errGatewayTimeout; errFunctionTimeout; and
// context.Canceled if the client is gone.
func (f function) invoke(ctx context.Context, requestID string, patience time.Duration, event any) ([]byte, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	ctx, cancelPatience := context.WithTimeoutCause(ctx, patience, errGatewayTimeout)
	defer cancelPatience()
	ctx, cancelTimeout := context.WithTimeoutCause(ctx, f.timeout, errFunctionTimeout)
	defer cancelTimeout()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       requestID,
		InvokedFunctionArn: functionARN + f.id,
	})
	done := make(chan outcome, 1)
	go func() { done <- f.run(ctx, payload) }()
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause // a function that listens may have failed for it at the same time
	}
	return o.payload, o.err
}

func (f function) run(ctx context.Context, payload []byte) (o outcome) {
	defer func() {
		if fault := recover(); fault != nil {
			o = outcome{err: fmt.Errorf("panic: %v\n%s", fault, debug.Stack())}
		}
	}()
	o.payload, o.err = f.handler.Invoke(ctx, payload)
	return o
}
