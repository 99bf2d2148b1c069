// Package attack_test attacks the stack of template.yaml where an HTTP case for every front does not reach: with a warm cache
// while access is taken away, with a clock, with floods that are counted, and with requests that no HTTP client sends.
package attack_test
