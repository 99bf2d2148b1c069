// Package target opens what a command of pats works on: a store, which is a data file or a DynamoDB table, or a server that
// serves the HTTP API. Its errors are failure.Errors, with advice.
package target

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pats/pkg/boltstore"
	"pats/pkg/dynamostore"
	"pats/pkg/pat"
)

// Kind is the kind of a store. The zero Kind means Bolt.
type Kind string

// The kinds of stores.
const (
	Bolt     Kind = "bolt"
	DynamoDB Kind = "dynamodb"
)

// UnmarshalText parses the value of --store. It implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(text)
	if *k != Bolt && *k != DynamoDB {
		return fmt.Errorf("must be %s or %s, not %q", Bolt, DynamoDB, text)
	}
	return nil
}

// dataFile is the name of the data file in its folder.
const dataFile = "pats.db"

// Store names a store. Folder belongs to Bolt, Table to DynamoDB.
type Store struct {
	Kind   Kind
	Folder string
	Table  Table
}

// DataFile returns the path of the data file.
func (s Store) DataFile() string { return filepath.Join(s.Folder, dataFile) }

// Opened is a store that is ready for use.
type Opened struct {
	pat.Store
	// Close releases the store.
	Close func() error
	// Warnings say what endangers the store but does not keep it from working, a sentence each.
	Warnings []string
}

// Open opens the store. It creates a data file only if create is true: a mistyped folder must not look like a service without
// users. Errors: failure.Usage, failure.Unavailable.
func (s Store) Open(ctx context.Context, create bool) (*Opened, error) {
	if s.Kind == DynamoDB {
		client, err := s.Table.client(ctx)
		if err != nil {
			return nil, err
		}
		return &Opened{Store: dynamostore.New(client, s.Table.Name), Close: func() error { return nil }}, nil
	}
	path := s.DataFile()
	if _, err := os.Stat(path); !create && errors.Is(err, fs.ErrNotExist) {
		return nil, NoDataFile(path)
	}
	store, err := boltstore.Open(path) //nolint:contextcheck // opening a file waits for a second at most
	if err != nil {
		return nil, ExplainDataFile(err)
	}
	return &Opened{Store: store, Close: store.Close, Warnings: store.Warnings()}, nil
}
