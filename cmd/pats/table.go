package main

import (
	"context"
	"fmt"
)

type tableCreate struct{ tableFlags }

// Help returns the end of `pats table create --help`.
func (*tableCreate) Help() string {
	return `A table that exists already, with the right keys, is left as it is. A data file needs no table.

Example, for DynamoDB Local:
  pats table create --table pats --endpoint http://127.0.0.1:8000`
}

// Run creates the table.
func (c *tableCreate) Run(ctx context.Context, out *printer) error {
	if err := c.table().Create(ctx); err != nil {
		return err
	}
	body := struct {
		Table string `json:"table"`
	}{c.Table}
	return out.print(body, table{{fmt.Sprintf("Table %s is ready.", c.Table)}})
}
