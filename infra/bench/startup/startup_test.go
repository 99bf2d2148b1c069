package startup_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"pats/infra/bench/startup"
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := startup.StartAuthorizer(ctx, "sh", "-c", "echo no settings >&2; exit 1")
	if err == nil || !strings.Contains(err.Error(), "no settings") || ctx.Err() != nil {
		t.Errorf("got error %v, want an immediate one with the program's output", err)
	}
}

func TestBilledTimeIsRoundedUp(t *testing.T) {
	t.Parallel()
	got := startup.BilledTime([]time.Duration{200 * time.Microsecond, time.Millisecond, 3100 * time.Microsecond})
	if got != 2 {
		t.Errorf("got %v ms, want (1 + 1 + 4) / 3", got)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version, memory int
		want            map[string]string
	}{
		"version 1":     {1, 128, map[string]string{"cpu.cfs_period_us": "20000", "cpu.cfs_quota_us": "1447"}},
		"version 2":     {2, 512, map[string]string{"cpu.max": "5788 20000"}},
		"one whole CPU": {2, 1769, map[string]string{"cpu.max": "20000 20000"}},
	} {
		if diff := cmp.Diff(c.want, startup.Limits(c.version, c.memory)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
