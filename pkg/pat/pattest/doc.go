// Package pattest helps to test code that is built on pat. Run is the conformance suite that every pat.Store must pass. There are
// also a clock that tests advance, a deterministic environment, fixtures, and a Store that fails on demand.
package pattest
