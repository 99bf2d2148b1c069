// Package scanners tests the rules by which secret scanners find the tokens of pats, those in examples/secret-scanning and in
// docs/secret-scanning.md: with gitleaks itself, and with the regular expressions of the other scanners.
package scanners
