// Package pat is the domain of personal access tokens: accounts, their tokens, the rules that hold for them, and the Store
// that keeps them. It uses the standard library only and knows no transport and no database.
//
// # Security model
//
// A token is shown once, when it is made. What is kept of it is a selector, which says where to look, and a verifier, the
// SHA-256 of the whole token. 222 random bits cannot be searched through, so a fast hash is enough and a leak of the store
// gives no token away. Verifiers are compared in constant time. A Secret prints as "[redacted]" wherever it is formatted,
// logged or marshalled; only Secret.Reveal gives its text.
//
// # Consistency
//
// An Account is one document with a version. Every change of a user's tokens reads the document, applies the rules in Go,
// and writes it back on condition that the version is still the one read. So the limit, the unique description and the
// rising ids are plain functions of one value, and they hold on every store and under any concurrency.
package pat
