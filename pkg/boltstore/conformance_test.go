package boltstore_test

import (
	"path/filepath"
	"testing"

	"pats/pkg/boltstore"
	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	pattest.Run(t, func(t *testing.T) pat.Store { return open(t, dataFile(t)) })
}

// dataFile is where a test's data file is to be.
func dataFile(t *testing.T) string { return filepath.Join(t.TempDir(), "pats.db") }

// open opens the data file until the test ends.
func open(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(path)
	if err != nil {
		t.Fatalf("Open(%s): %v", path, err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}
