// Package import_test verifies `pats import unleash` as an operator uses it: the command as a process of its own, PostgreSQL
// with the tables of Unleash 8.2.0, and both stores. It is killed in the middle and run again, and then the holders' tokens are
// used over HTTP. PATS_IMPORT_USERS says for how many users; see Makefile.
package import_test
