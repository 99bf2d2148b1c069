// Package apitypes defines the JSON bodies of the HTTP API: tokens, users, errors and timestamps. The server marshals them
// and clients unmarshal them. Names and order of the members are those of Unleash 8.2.0's schemas.
package apitypes
