package boltstore

import (
	"os"
	"strconv"
	"strings"
)

// The lock does not tell who has it, so a file beside the data file does. It is a help for people and nothing hangs on it:
// failures to write or read it are left alone.

func pidPath(path string) string { return path + ".pid" }

func recordHolder(path string) {
	_ = os.WriteFile(pidPath(path), []byte(strconv.Itoa(os.Getpid())+"\n"), fileMode)
}

func forgetHolder(path string) { _ = os.Remove(pidPath(path)) }

// holder is the process that has the data file, or 0 if that is not known.
func holder(path string) int {
	text, err := os.ReadFile(pidPath(path))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
