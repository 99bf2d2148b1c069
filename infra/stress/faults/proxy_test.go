package faults_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pats/infra/stress/faults"
)

// sent is what DynamoDB would answer.
const sent = `{"Count":1,"Items":[{"pk":{"S":"USER#1"}}]}`

// seen is what becomes of one request: the answer as its client has it, and how often the request reached DynamoDB.
type seen struct {
	status  int
	body    string
	summed  bool
	err     error
	reached int32
}

// seenUnder sends a transaction of two writes through a proxy that does the fault.
func seenUnder(t *testing.T, fault faults.Fault, operation string) seen {
	t.Helper()
	var reached atomic.Int32
	dynamo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		w.Header().Set("X-Amz-Crc32", sumOf(sent))
		_, _ = io.WriteString(w, sent)
	}))
	t.Cleanup(dynamo.Close)
	const patience = 400 * time.Millisecond
	proxy := faults.Start(t, dynamo.URL, patience)
	proxy.Follow(faults.Always(fault))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, proxy.URL, strings.NewReader(`{"TransactItems":[{},{}]}`))
	must(t, err)
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	client := http.Client{Timeout: patience, Transport: &http.Transport{}}
	s := receive(&client, request)
	proxy.Settle()
	client.CloseIdleConnections()
	s.reached = reached.Load()
	return s
}

func receive(client *http.Client, request *http.Request) seen {
	response, err := client.Do(request)
	if err != nil {
		return seen{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return seen{status: response.StatusCode, body: string(body), summed: response.Header.Get("X-Amz-Crc32") == sumOf(string(body)), err: err}
}

func sumOf(body string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(body))), 10)
}

func refusal(status int, name string) func(seen) bool {
	return func(s seen) bool {
		return s.status == status && s.summed && s.reached == 0 && s.err == nil &&
			strings.Contains(s.body, `"__type":"com.amazonaws.dynamodb.v20120810#`+name+`"`)
	}
}

func cancelledBy(reason string) func(seen) bool {
	return func(s seen) bool {
		return refusal(http.StatusBadRequest, "TransactionCanceledException")(s) &&
			strings.Contains(s.body, `"CancellationReasons":[{"Code":"None"},{"Code":"`+reason+`"`)
	}
}

func whole(s seen) bool {
	return s.status == http.StatusOK && s.body == sent && s.summed && s.err == nil && s.reached == 1
}

func noAnswer(reached int32, cause error) func(seen) bool {
	return func(s seen) bool { return s.status == 0 && errors.Is(s.err, cause) && s.reached == reached }
}

func timedOut(reached int32) func(seen) bool {
	return func(s seen) bool {
		timeout, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](s.err)
		return ok && timeout.Timeout() && s.reached == reached
	}
}

// TestFaultsAreWhatTheySay looks at each fault as DynamoDB and its client see it.
func TestFaultsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	const query, put, transact = "Query", "PutItem", "TransactWriteItems"
	for _, c := range []struct {
		fault     faults.Fault
		operation string
		right     func(seen) bool
	}{
		{faults.None, query, whole},
		{faults.Throughput, query, refusal(400, "ProvisionedThroughputExceededException")},
		{faults.Throttling, query, refusal(400, "ThrottlingException")},
		{faults.RequestLimit, query, refusal(400, "RequestLimitExceeded")},
		{faults.TransactionThrottled, transact, cancelledBy("ThrottlingError")},
		{faults.TransactionThrottled, put, refusal(400, "ThrottlingException")},
		{faults.TransactionInProgress, transact, refusal(400, "TransactionInProgressException")},
		{faults.TransactionInProgress, query, refusal(400, "ThrottlingException")},
		{faults.Conflict, transact, cancelledBy("TransactionConflict")},
		{faults.Conflict, put, refusal(400, "TransactionConflictException")},
		{faults.Conflict, query, whole},
		{faults.InternalError, query, refusal(500, "InternalServerError")},
		{faults.Unavailable, query, refusal(503, "InternalServerError")},
		{faults.BadGateway, query, func(s seen) bool { return s.status == 502 && !strings.HasPrefix(s.body, "{") && s.reached == 0 }},
		{faults.Reset, query, noAnswer(0, syscall.ECONNRESET)},
		{faults.Outage, query, noAnswer(0, syscall.ECONNRESET)},
		{faults.Hang, query, timedOut(0)},
		{faults.Delay, query, whole},
		{faults.Late, put, timedOut(1)},
		{faults.Lost, put, noAnswer(1, syscall.ECONNRESET)},
		{faults.Stall, put, timedOut(1)},
		{faults.Truncate, query, func(s seen) bool {
			return s.body == sent[:len(sent)/2] && errors.Is(s.err, io.ErrUnexpectedEOF) && s.reached == 1
		}},
		{faults.Cut, query, func(s seen) bool { return s.body == sent[:len(sent)/2] && s.err == nil && !s.summed && s.reached == 1 }},
		{faults.Empty, query, func(s seen) bool {
			return s.status == 200 && s.body == "" && s.err == nil && !s.summed && s.reached == 1
		}},
		{faults.Rubbish, query, func(s seen) bool { return s.status == 200 && s.body[0] == '<' && s.err == nil && s.reached == 1 }},
		{faults.Corrupt, query, func(s seen) bool {
			return s.status == 200 && strings.Contains(s.body, `{"S":"1USER#1"}`) && s.err == nil && !s.summed && s.reached == 1
		}},
	} {
		t.Run(fmt.Sprintf("%s/%s", c.fault, c.operation), func(t *testing.T) {
			t.Parallel()
			if s := seenUnder(t, c.fault, c.operation); !c.right(s) {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// TestOutage: nobody gets through, for a moment. A busy machine may let that pass, so there are some.
func TestOutage(t *testing.T) {
	t.Parallel()
	dynamo := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(dynamo.Close)
	proxy := faults.Start(t, dynamo.URL, time.Second)
	get := func() seen {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, proxy.URL, nil)
		must(t, err)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		return receive(&client, request)
	}
	var during seen
	for range 10 {
		proxy.Follow(faults.Once(faults.Always(faults.Outage)))
		_ = get()
		during = get()
		proxy.Settle()
		if after := get(); after.status != http.StatusNotFound {
			t.Fatalf("got %+v, want an answer again", after)
		}
		if during.err != nil {
			return
		}
	}
	t.Errorf("got %+v, want no answer", during)
}

// TestRandomPlan: the same seed has the same faults, at about the rate that is asked for.
func TestRandomPlan(t *testing.T) {
	t.Parallel()
	const requests, percent = 10000, 30
	all := append(faults.Quick(), faults.Slow()...)
	one, same, other := faults.Random(1, percent, all), faults.Random(1, percent, all), faults.Random(2, percent, all)
	injected, differing := map[faults.Fault]int{}, 0
	for n := range requests {
		r := faults.Request{Operation: "PutItem", N: n}
		if one(r) != same(r) {
			t.Fatalf("request %d has two fates under one seed", n)
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
		t.Errorf("got %d fates, want %d; %d differ between two seeds", len(injected), len(all)+1, differing)
	}
}
