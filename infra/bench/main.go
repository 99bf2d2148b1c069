// Command bench measures how fast the service starts and responds, and how it scales, next to the alternatives, and records the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"pats/infra/bench/report"
	"pats/infra/bench/result"
)

// cli is the grammar of the command line. The working directory is infra/bench.
type cli struct {
	Run    runCommand    `cmd:"" help:"Measure, print the figures, and write them with their charts."`
	Record recordCommand `cmd:"" help:"Record the figures of the last run in docs/bench and docs/benchmarks.md."`
}

const (
	root = "../.."
	// folder receives the figures of a run.
	folder = root + "/.cache/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := kong.Parse(new(cli), kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"parts": strings.Join(partNames(), ",")})
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

type runCommand struct {
	Parts []string `default:"${parts}" enum:"${parts}" help:"The parts to measure (default: all)."`
	Quick bool     `help:"Run the least that shows that every part works. The figures mean little."`
}

// Run measures. It skips a part that cannot run here and says so, which is an error if CI=true is set.
func (c *runCommand) Run(ctx context.Context) error {
	begin := time.Now()
	run := &result.Run{Date: begin.UTC().Truncate(time.Second), Commit: commit(ctx), Machine: result.ThisMachine()}
	if err := c.measure(ctx, run); err != nil {
		return err
	}
	run.Seconds = time.Since(begin).Round(time.Second).Seconds()
	if err := errors.Join(report.Print(os.Stdout, run), report.Write(folder, run)); err != nil {
		return err
	}
	fmt.Printf("\nMeasured in %s. The figures and their charts are in .cache/bench.\n", time.Since(begin).Round(time.Second))
	return reportSkipped(run)
}

// commit returns the commit that is measured, with result.Modified if files differ from it; empty outside a Git repository.
func commit(ctx context.Context) string {
	id, _ := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	changes, _ := exec.CommandContext(ctx, "git", "status", "--porcelain").Output()
	text := strings.TrimSpace(string(id))
	if len(changes) > 0 {
		text += result.Modified
	}
	return text
}

type recordCommand struct{}

// Run records the figures of the last run.
func (*recordCommand) Run() error { return report.Record(root, folder) }
