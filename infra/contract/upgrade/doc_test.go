// Package upgrade_test runs the last release without scopes on stores that this release has written. It builds that release from the
// git history, so the checkout needs its full history. Records without scopes can be read by both. Others must be refused: the earlier
// release would take a scoped token for an unscoped one.
package upgrade_test
