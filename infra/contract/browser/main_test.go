package browser_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(inFolder(m.Run)) }

// inFolder runs the tests with a folder for the program, which they share.
func inFolder(tests func() int) int {
	folder, err := os.MkdirTemp("", "pats-browser")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	programFolder = folder
	return tests()
}
