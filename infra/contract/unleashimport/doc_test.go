// Package unleashimport_test tests `pats import unleash` as an operator uses it: the command as a process, a PostgreSQL with the
// tables of Unleash 8.2.0, and both stores. It kills the import midway, reruns it, and uses the imported tokens over HTTP.
// PATS_IMPORT_USERS is the number of users, 300 by default.
package unleashimport_test
