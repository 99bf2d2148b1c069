// Package crash_test holds `pats serve` with its data file to its word: what it has answered lasts. It looks at the real program
// from outside, in three ways:
//
//   - killed with SIGKILL at random moments, at start-up and under writes (kill_test.go);
//   - cut off from power: the system calls of a run are recorded, and for many moments of it the file is put together as a
//     disk might hold it that had kept what was synced, and of the rest any part (power_test.go). A kill cannot show this, since
//     the operating system keeps what a killed process has written;
//   - on a full disk (fulldisk_linux_test.go).
//
// Each has a ledger of what was asked and answered, and each has a test that breaks something on purpose and wants it found.
package crash_test
