// Package races_test lets many clients work on one account at once, over HTTP and beneath it, on both stores, and holds what they
// were answered against the rules: by invariants that are easy to read, and by a search for an order in which the account could
// have given these answers one after the other (linearizability).
//
// Findings are values, so that the same checks can be shown to find the faults of stores that are broken on purpose.
package races_test
