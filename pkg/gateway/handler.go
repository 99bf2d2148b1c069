package gateway

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

// Handler makes a function for New from its Go form. It can be invoked by many at once, as a Gateway does. What
// lambda.NewHandler makes cannot: it keeps all its answers in one buffer, since Lambda gives a process one event at a time.
func Handler[Event, Answer any](handle func(context.Context, Event) (Answer, error)) lambda.Handler {
	return handler[Event, Answer](handle)
}

type handler[Event, Answer any] func(context.Context, Event) (Answer, error)

func (h handler[Event, Answer]) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event Event
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	answer, err := h(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}
