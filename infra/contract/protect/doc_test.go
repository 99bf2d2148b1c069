// Package protect_test deploys the stacks of examples/protect beside the stack of pats on ministack, and sends their APIs requests with
// every kind of token: from two users, to two routes, in both spellings, with warm and cold caches. No request may be accepted that
// should be refused.
package protect_test
