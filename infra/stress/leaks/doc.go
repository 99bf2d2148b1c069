// Package leaks searches what a run of the tests wrote for the secrets that the run made: logs, errors, answers, what was sent
// to a table, data files, and what commands print.
//
// A run under infra/stress/leaks/env gathers both below a folder: the secrets in the file register, everything else as it is written
// (dump), deleted (kept) or left (tmp). Go's build overlay does it, so the product has no part in it; see overlay.
package leaks
