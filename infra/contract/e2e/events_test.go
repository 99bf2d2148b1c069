package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"pats/infra/contract/e2e"
	"pats/pkg/laptop/laptoptest"
)

const folder = "../../../events"

// TestEventsHaveTheRightShape checks that the types of the functions know every member, and lose none.
func TestEventsHaveTheRightShape(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files: got %v, error %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(filepath.Base(file), "authorizer-") {
				roundTrip[events.APIGatewayCustomAuthorizerRequest](t, raw)
				return
			}
			event := roundTrip[events.APIGatewayProxyRequest](t, raw)
			wantConsistent(t, event)
		})
	}
}

func roundTrip[T any](t *testing.T, raw []byte) T {
	t.Helper()
	event := strict[T](t, raw)
	again, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event, strict[T](t, again)); diff != "" {
		t.Errorf("round trip (-file +again):\n%s", diff)
	}
	return event
}

func strict[T any](t *testing.T, raw []byte) (value T) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// wantConsistent checks the values that an event has twice.
func wantConsistent(t *testing.T, event events.APIGatewayProxyRequest) {
	t.Helper()
	want := []string{event.HTTPMethod, event.Resource, "/" + event.RequestContext.Stage + event.Path}
	got := []string{event.RequestContext.HTTPMethod, event.RequestContext.ResourcePath, event.RequestContext.Path}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("method, resource and path (-event +request context):\n%s", diff)
	}
	path := event.Resource
	for name, value := range event.PathParameters {
		path = strings.NewReplacer("{"+name+"}", value, "{"+name+"+}", value).Replace(path)
	}
	if path != event.Path {
		t.Errorf("path: got %s, want %s, which resource and parameters make", event.Path, path)
	}
	single := map[string][]string{}
	for name, value := range event.Headers {
		single[name] = []string{value}
	}
	if diff := cmp.Diff(single, event.MultiValueHeaders); diff != "" {
		t.Errorf("headers (-single +multi):\n%s", diff)
	}
}

// TestEventsAreInTheReadme checks that the README has a row for each event.
func TestEventsAreInTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if !bytes.Contains(readme, []byte("| `"+name+"` |")) {
			t.Errorf("README.md: got no row for %s", name)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	laptop := newLaptop(t, nil)
	e2e.RunEvents(t, laptop.target, os.DirFS(folder), func(ctx context.Context, function string, event []byte) ([]byte, error) {
		return laptoptest.Invoke(ctx, laptop.functions, function, event)
	})
}

// TestEventsSamLocal runs every event by `sam local invoke`.
func TestEventsSamLocal(t *testing.T) {
	t.Parallel()
	ready := readReady(t)
	file := filepath.Join(t.TempDir(), "event.json")
	e2e.RunEvents(t, ready.target(t), os.DirFS(folder), func(ctx context.Context, function string, event []byte) ([]byte, error) {
		if err := os.WriteFile(file, event, 0o600); err != nil {
			return nil, err
		}
		command := exec.CommandContext(ctx, "../../services/sam-local/invoke", "--ready-file", os.Getenv("PATS_E2E_READY"), function, file)
		var complaint bytes.Buffer
		command.Stderr = &complaint
		output, err := command.Output()
		if err != nil {
			return output, fmt.Errorf("%w: %s", err, &complaint)
		}
		return output, nil
	})
}
