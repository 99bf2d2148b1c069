package laptoptest

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/aws/aws-lambda-go/lambda"

	"pats/pkg/gateway"
)

// Intercept returns functions that call intercept in place of each function. intercept gets the function's logical ID, and
// invoke calls the function itself.
func Intercept(functions gateway.Functions, intercept func(ctx context.Context, id string, invoke func(context.Context) error) error) gateway.Functions {
	return gateway.Functions{
		Authorizers: interceptEach(functions.Authorizers, intercept),
		Proxies:     interceptEach(functions.Proxies, intercept),
	}
}

type function[Event, Response any] = func(context.Context, Event) (Response, error)

func interceptEach[Event, Response any](functions map[string]function[Event, Response], intercept func(context.Context, string, func(context.Context) error) error) map[string]function[Event, Response] {
	intercepted := map[string]function[Event, Response]{}
	for id, inner := range functions {
		intercepted[id] = func(ctx context.Context, event Event) (response Response, err error) {
			err = intercept(ctx, id, func(ctx context.Context) (err error) {
				response, err = inner(ctx, event)
				return err
			})
			return response, err
		}
	}
	return intercepted
}

// Invoke sends an event as JSON to a function and returns its response as JSON, as Lambda does.
func Invoke(ctx context.Context, functions gateway.Functions, id string, event []byte) ([]byte, error) {
	if authorizer, ok := functions.Authorizers[id]; ok {
		return lambda.NewHandler(authorizer).Invoke(ctx, event)
	}
	proxy, ok := functions.Proxies[id]
	if !ok {
		return nil, fmt.Errorf("there is no function %s", id)
	}
	return lambda.NewHandler(proxy).Invoke(ctx, event)
}

// Deployment is a set of functions that can be replaced while a gateway invokes them.
type Deployment struct {
	current atomic.Pointer[gateway.Functions]
}

// Deploy replaces the functions. Invocations under way end with the earlier ones.
func (d *Deployment) Deploy(functions gateway.Functions) { d.current.Store(&functions) }

// Functions returns functions with the logical IDs of functions, which invoke whatever is deployed.
func (d *Deployment) Functions(functions gateway.Functions) gateway.Functions {
	return gateway.Functions{
		Authorizers: deployed(functions.Authorizers, func() map[string]gateway.AuthorizerFunction { return d.current.Load().Authorizers }),
		Proxies:     deployed(functions.Proxies, func() map[string]gateway.ProxyFunction { return d.current.Load().Proxies }),
	}
}

func deployed[Event, Response any](functions map[string]function[Event, Response], current func() map[string]function[Event, Response]) map[string]function[Event, Response] {
	wrapped := map[string]function[Event, Response]{}
	for id := range functions {
		wrapped[id] = func(ctx context.Context, event Event) (Response, error) { return current()[id](ctx, event) }
	}
	return wrapped
}
