// Package pattest helps to test what is built on pat: Run is the conformance suite that every pat.Store passes, and beside it
// stand a clock to set by hand, an environment without chance in it, fixtures, and a Store that fails on demand.
package pattest
