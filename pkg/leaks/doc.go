// Package leaks receives reports of leaked tokens from GitHub and GitLab, and revokes the tokens at once.
//
// A report proves who sent it: GitHub signs the body, and GitLab presents a shared token. Each partner has its own route, which is a
// 404 unless it is configured. A leaked token is revoked with all that it led to, in one write a user; see
// [pat.Service.RevokeLeaked]. If a report cannot be finished in time, the response is a 503, and the same report sent again does the
// rest. A response does not depend on which tokens exist.
//
// The log names users, the IDs of their tokens and where the tokens leaked, but contains no token.
package leaks
