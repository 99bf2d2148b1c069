package startup_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"pats/infra/bench/result"
	"pats/infra/bench/startup"
	"pats/infra/testkit/skip"
)

// TestMain turns this program into a function that returns the policy named by its argument, if it is started as one.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		os.Exit(m.Run())
	}
	lambda.Start(func(context.Context) (events.APIGatewayCustomAuthorizerResponse, error) {
		return events.APIGatewayCustomAuthorizerResponse{PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Statement: []events.IAMPolicyStatement{{Effect: os.Args[1]}},
		}}, nil
	})
}

func TestOnlyAnAllowIsMeasured(t *testing.T) {
	t.Parallel()
	for effect, fault := range map[string]string{"Allow": "", "Deny": "want an Allow"} {
		t.Run(effect, func(t *testing.T) {
			t.Parallel()
			err := startup.StartAuthorizer(t.Context(), os.Args[0], effect)
			if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
				t.Errorf("got error %v, want %q", err, fault)
			}
		})
	}
}

func TestAProgramThatEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := startup.StartAuthorizer(ctx, "sh", "-c", "echo no settings >&2; exit 1")
	if err == nil || !strings.Contains(err.Error(), "no settings") || ctx.Err() != nil {
		t.Errorf("got error %v, want an immediate one with the program's output", err)
	}
}

// TestEverySubjectStarts runs one round at full speed. It skips the shares, because an empty folder has no control groups.
func TestEverySubjectStarts(t *testing.T) {
	t.Parallel()
	skip.Without(t, "java", "default-jre-headless")
	skip.Without(t, "mvn", "maven")
	skip.Without(t, "make", "make")
	var run result.Run
	options := startup.Options{Rounds: 1, Root: "../../..", Progress: t.Output()}
	if err := startup.RunWith(t.Context(), &run, options, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if left := strings.Join(run.Skipped, "; "); !strings.Contains(left, "shares") {
		t.Errorf("skipped: %s, want the shares among them", left)
	}
	for _, subject := range []string{startup.Authorizer, startup.Tokens, startup.Hello, startup.Plain} {
		for _, what := range []string{startup.Ready, startup.First, startup.Response, startup.Warm, startup.Billed} {
			got, ok := run.Quantity(result.Key{Part: startup.Part, What: what, Under: "full speed", Subject: subject})
			if !ok || got.Median <= 0 || got.Runs != 1 {
				t.Errorf("%s, %s: got %+v, want one time", subject, what, got)
			}
		}
	}
	for _, function := range []string{startup.Authorizer, startup.Tokens, startup.Users} {
		got, _ := run.Quantity(result.Key{Part: startup.Part, What: startup.Zip, Subject: function})
		if got.Median < 1 || got.Median > 10 {
			t.Errorf("the zip of %s has %v MB", function, got.Median)
		}
	}
	answer := result.Key{Part: startup.Part, What: startup.Response, Under: "full speed", Subject: startup.Authorizer}
	if _, ok := run.Ratio(answer, startup.Plain, ""); !ok {
		t.Error("the authorizer is not compared with plain SDK code")
	}
}

func TestBilledTimeIsRoundedUp(t *testing.T) {
	t.Parallel()
	got := startup.BilledTime([]time.Duration{200 * time.Microsecond, time.Millisecond, 3100 * time.Microsecond})
	if got != 2 {
		t.Errorf("got %v ms, want (1 + 1 + 4) / 3", got)
	}
}
