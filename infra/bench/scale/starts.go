package scale

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"pats/infra/bench/progress"
	"pats/pkg/boltstore"
)

// measureStarts opens each file directly, and starts the command on it until it is ready.
func measureStarts(ctx context.Context, files []*file, measured samples, options Options) error {
	bar := progress.New(options.Progress, "starting on each data file, rounds", options.Starts)
	for range options.Starts {
		for _, f := range files {
			opened, err := timeOpen(f.path()) //nolint:contextcheck // opening takes no context
			if err != nil {
				return err
			}
			measured.add("open", f.users, Boltstore, milliUnit, in(time.Millisecond, opened))
			ready, err := timeServe(ctx, options.Binary, f.folder)
			if err != nil {
				return err
			}
			measured.add("exec to ready line", f.users, Laptop, milliUnit, in(time.Millisecond, ready))
		}
		bar.Add(1)
	}
	return nil
}

// timeOpen returns the time of Open, most of which checks the file.
func timeOpen(path string) (time.Duration, error) {
	begin := time.Now()
	store, err := boltstore.Open(path)
	if err != nil {
		return 0, err
	}
	return time.Since(begin), store.Close()
}

// readyLine is how the line begins that `pats serve` prints when it answers.
const readyLine = "curl "

var errNotReady = errors.New("pats serve printed no ready line")

// timeServe returns the time from the start of the process to its ready line.
func timeServe(ctx context.Context, binary, folder string) (time.Duration, error) {
	process := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0", "--data", folder) //nolint:gosec // this repository's
	var complaint bytes.Buffer
	process.Stderr = &complaint
	process.Cancel = func() error { return process.Process.Signal(os.Interrupt) }
	stdout, err := process.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := process.Start(); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	took := time.Since(begin)
	if err != nil || !strings.HasPrefix(line, readyLine) {
		return 0, errors.Join(fmt.Errorf("%w: %s", errNotReady, complaint.String()), process.Process.Signal(os.Interrupt), process.Wait())
	}
	return took, errors.Join(process.Process.Signal(os.Interrupt), process.Wait())
}
