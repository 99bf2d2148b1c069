// Command bench measures how this service starts, answers and grows, beside what stands for it elsewhere, and keeps the figures.
package main

import (
	"context"
	"fmt"
	"os"
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
	Record recordCommand `cmd:"" help:"Keep the figures of the last run in docs/bench, and write them into README.md and docs."`
}

const (
	root   = "../.."
	binary = root + "/bin/pats"
	// folder is where a run's figures are.
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
	Parts []string `default:"${parts}" help:"The parts to measure (default: all)."`
	Large bool     `help:"The embedded store with a million users too, which takes minutes and 5 GB."`
	Quick bool     `help:"The least that shows that all of it works; its figures say little."`
}

// Run measures. A part that cannot run here is left out and said so; where the environment has CI=true that is an error.
func (c *runCommand) Run(ctx context.Context) error {
	begin := time.Now()
	run := &result.Run{Date: begin.UTC().Truncate(time.Second), Commit: commit(ctx), Machine: result.ThisMachine()}
	if err := c.measure(ctx, run); err != nil {
		return err
	}
	run.Seconds = time.Since(begin).Round(time.Second).Seconds()
	if err := report.Print(os.Stdout, run); err != nil {
		return err
	}
	if err := report.Write(folder, run); err != nil {
		return err
	}
	fmt.Printf("\n%s: the figures in %s, with charts\n", time.Since(begin).Round(time.Second), folder)
	return leftOut(run)
}

type recordCommand struct {
	Large bool `help:"The last run was one with LARGE=1: keep it beside the figures of the ordinary one."`
}

// Run keeps the figures of the last run.
func (c *recordCommand) Run() error { return report.Record(root, folder, c.Large) }
