package faults_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pats/infra/stress/faults"
	"pats/infra/testkit/must"
)

// dynamoBody is DynamoDB's response.
const dynamoBody = `{"Count":1,"Items":[{"pk":{"S":"USER#1"}}]}`

// observed is the result of one request: what the client got, and how often the request reached DynamoDB.
type observed struct {
	status  int
	body    string
	summed  bool
	err     error
	reached int32
}

// observe sends a transaction of two writes through a proxy with the fault.
func observe(t *testing.T, fault faults.Fault, operation string) observed {
	t.Helper()
	var reached atomic.Int32
	dynamo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		w.Header().Set("X-Amz-Crc32", sumOf(dynamoBody))
		_, _ = io.WriteString(w, dynamoBody)
	}))
	t.Cleanup(dynamo.Close)
	timeout := 8 * time.Second // no quick fault takes as long, even on a busy machine
	if slices.Contains(faults.Slow(), fault) {
		timeout = 2 * time.Second // Stall must reach DynamoDB before it ends
	}
	proxy := faults.Start(t, dynamo.URL, timeout)
	proxy.Follow(faults.Always(fault))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL, strings.NewReader(`{"TransactItems":[{},{}]}`))
	must.Do(t, err)
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	client := http.Client{Timeout: timeout, Transport: &http.Transport{}}
	s := receive(&client, request)
	proxy.Settle()
	client.CloseIdleConnections()
	s.reached = reached.Load()
	return s
}

func receive(client *http.Client, request *http.Request) observed {
	response, err := client.Do(request)
	if err != nil {
		return observed{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	return observed{status: response.StatusCode, body: string(got), summed: response.Header.Get("X-Amz-Crc32") == sumOf(string(got)), err: err}
}

func sumOf(body string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10)
}

func isError(status int, name string) func(observed) bool {
	return func(s observed) bool {
		return s.status == status && s.summed && s.reached == 0 && s.err == nil &&
			strings.Contains(s.body, `"__type":"com.amazonaws.dynamodb.v20120810#`+name+`"`)
	}
}

func isCancelled(reason string) func(observed) bool {
	return func(s observed) bool {
		return isError(http.StatusBadRequest, "TransactionCanceledException")(s) &&
			strings.Contains(s.body, `"CancellationReasons":[{"Code":"None"},{"Code":"`+reason+`"`)
	}
}

func isIntact(s observed) bool {
	return s.status == http.StatusOK && s.body == dynamoBody && s.summed && s.err == nil && s.reached == 1
}

func isReset(reached int32, cause error) func(observed) bool {
	return func(s observed) bool { return s.status == 0 && errors.Is(s.err, cause) && s.reached == reached }
}

func isTimeout(reached int32) func(observed) bool {
	return func(s observed) bool {
		timeout, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](s.err)
		return ok && timeout.Timeout() && s.reached == reached
	}
}

// Operations of DynamoDB.
const opQuery, opPut, opTransact = "Query", "PutItem", "TransactWriteItems"

var wireFaults = []struct {
	fault     faults.Fault
	operation string
	want      func(observed) bool
}{
	{faults.None, opQuery, isIntact},
	{faults.Throughput, opQuery, isError(400, "ProvisionedThroughputExceededException")},
	{faults.Throttling, opQuery, isError(400, "ThrottlingException")},
	{faults.RequestLimit, opQuery, isError(400, "RequestLimitExceeded")},
	{faults.TransactionThrottled, opTransact, isCancelled("ThrottlingError")},
	{faults.TransactionThrottled, opPut, isError(400, "ThrottlingException")},
	{faults.TransactionInProgress, opTransact, isError(400, "TransactionInProgressException")},
	{faults.TransactionInProgress, opQuery, isError(400, "ThrottlingException")},
	{faults.Conflict, opTransact, isCancelled("TransactionConflict")},
	{faults.Conflict, opPut, isError(400, "TransactionConflictException")},
	{faults.Conflict, opQuery, isIntact},
	{faults.InternalError, opQuery, isError(500, "InternalServerError")},
	{faults.Unavailable, opQuery, isError(503, "InternalServerError")},
	{faults.BadGateway, opQuery, func(s observed) bool { return s.status == 502 && !strings.HasPrefix(s.body, "{") && s.reached == 0 }},
	{faults.Reset, opQuery, isReset(0, syscall.ECONNRESET)},
	{faults.Outage, opQuery, isReset(0, syscall.ECONNRESET)},
	{faults.Hang, opQuery, isTimeout(0)},
	{faults.Delay, opQuery, isIntact},
	{faults.Late, opPut, isTimeout(1)},
	{faults.Lost, opPut, isReset(1, syscall.ECONNRESET)},
	{faults.Stall, opPut, isTimeout(1)},
	{faults.Truncate, opQuery, func(s observed) bool {
		return s.body == dynamoBody[:len(dynamoBody)/2] && errors.Is(s.err, io.ErrUnexpectedEOF) && s.reached == 1
	}},
	{faults.Cut, opQuery, func(s observed) bool {
		return s.body == dynamoBody[:len(dynamoBody)/2] && s.err == nil && !s.summed && s.reached == 1
	}},
	{faults.Empty, opQuery, func(s observed) bool {
		return s.status == 200 && s.body == "" && s.err == nil && !s.summed && s.reached == 1
	}},
	{faults.Garbage, opQuery, func(s observed) bool { return s.status == 200 && s.body[0] == '<' && s.err == nil && s.reached == 1 }},
	{faults.Corrupt, opQuery, func(s observed) bool {
		return s.status == 200 && strings.Contains(s.body, `{"S":"1USER#1"}`) && s.err == nil && !s.summed && s.reached == 1
	}},
}

// TestFaultsOnTheWire checks each fault as the client and DynamoDB see it.
func TestFaultsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, c := range wireFaults {
		t.Run(fmt.Sprintf("%s/%s", c.fault, c.operation), func(t *testing.T) {
			t.Parallel()
			if s := observe(t, c.fault, c.operation); !c.want(s) {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// TestOutage checks that no connection works for a moment. On a busy machine that moment can pass unnoticed, so there are ten
// tries.
func TestOutage(t *testing.T) {
	t.Parallel()
	dynamo := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(dynamo.Close)
	proxy := faults.Start(t, dynamo.URL, time.Second)
	get := func() observed {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, proxy.URL, nil)
		must.Do(t, err)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		return receive(&client, request)
	}
	var during observed
	for range 10 {
		proxy.Follow(faults.Once(faults.Always(faults.Outage)))
		_ = get()
		during = get()
		proxy.Settle()
		if after := get(); after.status != http.StatusNotFound {
			t.Fatalf("got %+v, want a response again", after)
		}
		if during.err != nil {
			return
		}
	}
	t.Errorf("got %+v, want an error", during)
}

// TestRandomPlan checks that a seed always leads to the same faults, at about the given rate.
func TestRandomPlan(t *testing.T) {
	t.Parallel()
	const requests, percent = 10000, 30
	all := append(faults.Quick(), faults.Slow()...)
	one, same, other := faults.Random(1, percent, all), faults.Random(1, percent, all), faults.Random(2, percent, all)
	injected, differing := map[faults.Fault]int{}, 0
	for n := range requests {
		r := faults.Request{Operation: "PutItem", N: n}
		if one(r) != same(r) {
			t.Fatalf("request %d has two faults under one seed", n)
		}
		if one(r) != other(r) {
			differing++
		}
		injected[one(r)]++
	}
	if rate := 100 - 100*injected[faults.None]/requests; rate < percent-3 || rate > percent+3 {
		t.Errorf("%d%% of the requests have a fault, want about %d%%", rate, percent)
	}
	if len(injected) != len(all)+1 || differing < requests/5 {
		t.Errorf("got %d kinds of faults, want %d; %d requests differ between two seeds", len(injected), len(all)+1, differing)
	}
}
