// Package attack_test attacks the stack of template.yaml where the HTTP cases of infra/contract/e2e do not reach: with a warm cache
// while access is taken away, with a clock, and with bytes that no HTTP client sends.
package attack_test
