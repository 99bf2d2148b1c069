// Package unleash_test compares pats with Unleash: the same requests go to a running Unleash and to the stack of template.yaml,
// and every difference between the responses must be on a list.
package unleash_test
