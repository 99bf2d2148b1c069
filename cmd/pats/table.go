package main

import (
	"context"
	"fmt"

	"pats/pkg/dynamostore"
)

type tableCreate struct{}

// Help is what `pats table create --help` ends with.
func (*tableCreate) Help() string {
	return `Example:
  pats table create --table pats --endpoint http://127.0.0.1:8000`
}

// Run makes the table. One that is there already, with the right keys, is as good.
func (*tableCreate) Run(ctx context.Context, a *app) error {
	if err := a.storeOnly(); err != nil {
		return err
	}
	if a.Store == storeBolt && a.typed("store") {
		return usage("a data file needs no table", "Use --store dynamodb, or just begin: `pats user create` makes the data file.")
	}
	client, err := a.dynamoDB(ctx)
	if err != nil {
		return err
	}
	if err := dynamostore.CreateTable(ctx, client, a.Table); err != nil {
		return err
	}
	body := struct {
		Table string `json:"table"`
	}{a.Table}
	return a.answer(body, table{{fmt.Sprintf("Table %s is ready.", a.Table)}})
}
