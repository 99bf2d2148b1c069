package throughput

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"pats/pkg/boltstore"
)

// startPats starts `pats serve` on a new data file with the crowd.
func startPats(ctx context.Context, root, folder string, c *crowd) (*subject, error) {
	data := filepath.Join(folder, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	store, err := boltstore.Open(filepath.Join(data, "pats.db")) //nolint:contextcheck // opening takes no context
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.load(ctx, store), store.Close()); err != nil {
		return nil, err
	}
	service, url, err := start(ctx, filepath.Join(folder, "pats.log"), filepath.Join(root, "bin", "pats"),
		"serve", "--listen", "127.0.0.1:0", "--data", data)
	if err != nil {
		return nil, err
	}
	return &subject{name: Pats, url: url, service: service, programs: []string{"pats"}}, nil
}
