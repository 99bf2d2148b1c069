// Package crash_test checks that every change which `pats serve` acknowledges is durable. It tests the real program from outside:
//
//   - killed with SIGKILL at random moments, during start-up and under writes (kill_test.go);
//   - after power cuts: the system calls of a run are recorded, and for many moments of it the file is rebuilt as a disk could
//     hold it that kept what was synced and any part of the rest (power_test.go). A kill cannot show this, since the operating
//     system keeps what a killed process has written;
//   - on a full disk (fulldisk_linux_test.go).
//
// Each compares the data with the history of requests and responses, and each has a test with planted faults.
package crash_test
