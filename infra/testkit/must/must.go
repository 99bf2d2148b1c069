// Package must ends a test at the first error of a step that the test does not examine.
package must

import "testing"

// Do fails the test if err is not nil.
func Do(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
