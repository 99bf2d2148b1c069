package boltstore_test

import (
	"testing"

	"pats/pkg/pat"
	"pats/pkg/pat/pattest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	pattest.Run(t, func(t *testing.T) pat.Store {
		t.Helper()
		return open(t, dataFile(t))
	})
}
