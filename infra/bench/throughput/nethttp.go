package throughput

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"pats/pkg/api"
)

// startNetHTTP starts a net/http server that responds to every request with the list of one token, as pats writes it.
func startNetHTTP(ctx context.Context, root, folder string, pats *subject, c *crowd) (*subject, error) {
	list, err := pats.list(ctx, c)
	if err != nil {
		return nil, err
	}
	body, binary := filepath.Join(folder, "list.json"), filepath.Join(folder, "plain")
	if err := os.WriteFile(body, list, 0o600); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./throughput/plain") //nolint:gosec // a folder made here
	build.Dir = filepath.Join(root, "infra", "bench")
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the net/http server: %w\n%s", err, output)
	}
	service, url, err := start(ctx, filepath.Join(folder, "plain.log"), binary, body)
	if err != nil {
		return nil, err
	}
	return &subject{name: NetHTTP, url: url, service: service, programs: []string{"plain"}, only: List1}, nil
}

// list returns the list of the user with one token.
func (s *subject) list(ctx context.Context, c *crowd) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+api.ResourceTokens, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", c.one.Reveal())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d for the list of one token", s.name, response.StatusCode)
	}
	return io.ReadAll(response.Body)
}
