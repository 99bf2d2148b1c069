package gateway

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

type outcome[T any] struct {
	value T
	err   error
}

// invoke calls the function with an event as JSON. Its bounds and errors are those of bounded.
func (f function) invoke(ctx context.Context, requestID string, patience time.Duration, event any) ([]byte, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	return bounded(ctx, f, requestID, patience, func(ctx context.Context) ([]byte, error) { return f.handler.Invoke(ctx, payload) })
}

// bounded does work, an invocation of f, and returns within patience, even if work does not. Errors: those of work; one with the
// stack if it panics; errGatewayTimeout; errFunctionTimeout; and context.Canceled if the client is gone.
func bounded[T any](ctx context.Context, f function, requestID string, patience time.Duration, work func(context.Context) (T, error)) (T, error) {
	ctx, cancel := f.withTimeout(ctx, patience)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       requestID,
		InvokedFunctionArn: functionARN + f.id,
	})
	done := make(chan outcome[T], 1)
	go func() {
		growStack()
		done <- run(ctx, work)
	}()
	var o outcome[T]
	select {
	case o = <-done:
	case <-ctx.Done():
	}
	if cause := context.Cause(ctx); cause != nil {
		return *new(T), cause // a function that listens may have failed for it at the same time
	}
	return o.value, o.err
}

// withTimeout ends ctx with whichever comes first, the gateway's patience or the function's time-out.
func (f function) withTimeout(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	if f.timeout < patience {
		return context.WithTimeoutCause(ctx, f.timeout, errFunctionTimeout)
	}
	return context.WithTimeoutCause(ctx, patience, errGatewayTimeout)
}

func run[T any](ctx context.Context, work func(context.Context) (T, error)) (o outcome[T]) {
	defer func() {
		if fault := recover(); fault != nil {
			o = outcome[T]{err: fmt.Errorf("panic: %v\n%s", fault, debug.Stack())}
		}
	}()
	o.value, o.err = work(ctx)
	return o
}

// growStack gives the goroutine at its start the stack that a function needs. Grown bit by bit, deep in a decoder, each step would
// copy and adjust all frames there are.
//
//go:noinline
func growStack() {
	var frame [6 << 10]byte
	use(&frame)
}

//go:noinline
func use(*[6 << 10]byte) {}
