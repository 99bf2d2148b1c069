package dynamostore_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"pats/pkg/dynamostore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

// settingsOf returns the settings of a client of a new server with this handler.
func settingsOf(t *testing.T, respond http.HandlerFunc) dynamostore.Settings {
	t.Helper()
	server := httptest.NewServer(respond)
	t.Cleanup(server.Close)
	return dynamostore.Settings{
		Region: "eu-central-1", Endpoint: server.URL,
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "the-secret-key", SessionToken: "the-session-token",
	}
}

// warm makes one read.
func warm(t *testing.T, settings dynamostore.Settings) error {
	t.Helper()
	return dynamostore.New(dynamostore.NewClient(settings), "tokens").Warm(t.Context())
}

func answerNothing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, `{"Items":[],"Count":0}`)
}

func TestClientSignsWithItsSettings(t *testing.T) {
	t.Parallel()
	var got http.Header
	err := warm(t, settingsOf(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		answerNothing(w)
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Credential=AKIDEXAMPLE/", "/eu-central-1/dynamodb/aws4_request"} {
		if !strings.Contains(got.Get("Authorization"), part) {
			t.Errorf("got Authorization %q, want %q in it", got.Get("Authorization"), part)
		}
	}
	equal(t, "session token", got.Get("X-Amz-Security-Token"), "the-session-token")
}

func TestClientBoundsItsAttempts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   int32
		kind   pat.Kind
	}{
		{"DynamoDB is broken", 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`, 3, pat.KindUnavailable},
		{"DynamoDB is busy", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`, 3, pat.KindUnavailable},
		{"a response that is not DynamoDB's", 502, `<html>`, 3, pat.KindUnavailable},
		{"a write meets a transaction", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException"}`, 1, pat.KindUnavailable},
		{"a refusal without a name", 400, ``, 1, pat.KindUnavailable},
		{"no table", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}`, 1, pat.KindInternal},
		{"not allowed", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException"}`, 1, pat.KindInternal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			err := warm(t, settingsOf(t, func(w http.ResponseWriter, _ *http.Request) {
				attempts.Add(1)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			pattest.WantKind(t, err, test.kind)
			equal(t, "attempts", attempts.Load(), test.want)
			if strings.Contains(err.Error(), "the-se") {
				t.Errorf("the error contains credentials: %v", err)
			}
		})
	}
}

// TestDeadConnection leaves the first attempt without a response until the client gives up, after two seconds.
func TestDeadConnection(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	err := warm(t, settingsOf(t, func(w http.ResponseWriter, r *http.Request) {
		if attempts.Add(1) == 1 {
			_, _ = io.Copy(io.Discard, r.Body) // the server notices the end of the client only after that
			<-r.Context().Done()
			return
		}
		answerNothing(w)
	}))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "attempts", attempts.Load(), 2)
}

// TestGarbledResponse checks that a response that did not arrive as sent is requested again, and never used.
func TestGarbledResponse(t *testing.T) {
	t.Parallel()
	for name, garble := range map[string]http.HandlerFunc{
		"another body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Crc32", "1")
			answerNothing(w)
		},
		"no body": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Amz-Crc32", "4225443349") },
		"an end within the body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			answerNothing(w)
		},
		"a checksum that is none": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Crc32", "x")
			answerNothing(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			err := warm(t, settingsOf(t, func(w http.ResponseWriter, r *http.Request) {
				attempts.Add(1)
				garble(w, r)
			}))
			pattest.WantKind(t, err, pat.KindUnavailable)
			equal(t, "attempts", attempts.Load(), 3)
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	pattest.WantKind(t, warm(t, dynamostore.Settings{Region: "eu-central-1", Endpoint: server.URL, AccessKeyID: "a", SecretAccessKey: "b"}), pat.KindUnavailable)
}

func TestMissingCredentials(t *testing.T) {
	t.Parallel()
	settings := settingsOf(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	settings.AccessKeyID, settings.SecretAccessKey = "", ""
	pattest.WantKind(t, warm(t, settings), pat.KindInternal)
}

// TestClientFitsIntoARequest adds up the longest time of a call. API Gateway waits ten seconds for an authorizer, which can spend one
// more second on recording a use; another second is left for the start and the response.
func TestClientFitsIntoARequest(t *testing.T) {
	t.Parallel()
	const most = 8 * time.Second
	options := dynamostore.NewClient(dynamostore.Settings{Region: "eu-central-1"}).Options()
	client, ok := options.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		t.Fatalf("the HTTP client is a %T", options.HTTPClient)
	}
	worst := time.Duration(0)
	for attempt := range options.Retryer.MaxAttempts() {
		worst += client.GetTimeout() + longestPause(t, options.Retryer.RetryDelay, attempt)
	}
	if client.GetTimeout() <= 0 || worst > most {
		t.Errorf("a call takes up to %v, want at most %v", worst, most)
	}
	if client.GetDialer().Timeout > client.GetTimeout() || client.GetTransport().ForceAttemptHTTP2 {
		t.Error("a dead connection outlives its attempt")
	}
}

// longestPause returns the longest of many random pauses.
func longestPause(t *testing.T, delay func(int, error) (time.Duration, error), attempt int) time.Duration {
	t.Helper()
	longest := time.Duration(0)
	for range 1000 {
		pause, err := delay(attempt, networkError(query))
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, pause)
	}
	return longest
}
