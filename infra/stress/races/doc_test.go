// Package races_test runs many clients on one account at once, over HTTP and directly on the Service, on both stores. It checks
// the responses by invariants, and by a search for an order in which the account could have given these responses one after the
// other (linearizability).
//
// Findings are values, so that a test can show that the same checks find the faults of broken stores.
package races_test
