// Package leaks searches what a run of the tests wrote for the secrets that the run created: logs, errors, responses, what was sent
// to a table, data files, and what commands print.
//
// A run in the environment of infra/stress/leaks/env gathers both in a folder: the secrets in the file register, and everything else
// when it is written (dump), deleted (kept) or left behind (tmp). Go's build overlay does this without changes to the product; see overlay.
package leaks
