package browser_test

import (
	"context"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(inFolder(m.Run)) }

// inFolder runs the tests with a folder for the program, and a browser, which they share.
func inFolder(tests func() int) int {
	folder, err := os.MkdirTemp("", "pats-browser")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	programFolder = folder
	var stop func()
	chromium, stop = newBrowser(context.Background())
	defer stop()
	return tests()
}
