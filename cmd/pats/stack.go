package main

import (
	"crypto/rand"

	"pats/pkg/gateway"
	"pats/pkg/laptop"
)

// tableResource is the table's logical id in the template.
const tableResource = "Table"

// stack is the template with the values of its parameters, as on AWS.
func (c *serveCommand) stack(a *app) (*laptop.Stack, error) {
	if err := a.storeOnly(); err != nil {
		return nil, err
	}
	if a.typed("expired-retention-days") {
		return nil, usage("serve takes this from the stack's template", "Use --parameter ExpiredRetentionDays=DAYS.")
	}
	stack, err := laptop.Read(gateway.Options{
		Parameters: c.Parameter,
		Resources:  map[string]string{tableResource: a.dataName()},
		Now:        a.now,
		Random:     rand.Reader,
	})
	if err != nil {
		return nil, usage(err.Error(), "Is a --parameter wrong? Names and values are those of the stack's template.")
	}
	return stack, nil
}

// dataName stands for the table in the functions' settings: they do not use it here.
func (a *app) dataName() string {
	if a.Store == storeDynamoDB && a.Table != "" {
		return a.Table
	}
	return dataFile
}
